// For those who keep their miners with pm2: pm2 start ops/pm2.config.js
module.exports = {
  apps: [{
    name: 'miner',
    script: process.env.MINER_BINARY || 'build/miner',
    args: 'run',
    interpreter: 'none',
    autorestart: true,
    exp_backoff_restart_delay: 1000,  // up to 15 s
    max_restarts: 1000000000,  // in a row: for as long as it takes
    // What a restart does not mend (miner run --help).
    stop_exit_codes: [0, 1, 2, 65, 73, 76, 77, 130],
    kill_timeout: 90000,  // run.grace and some
    env: { MINER_HTTP_LISTEN: '127.0.0.1:8080', MINER_LOG_CONSOLE: 'false' },
  }],
};
