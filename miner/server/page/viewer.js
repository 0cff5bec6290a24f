// A viewer of Gaussian splats in WebGL 2: one quad a Gaussian, sorted by depth, laid over one another from back to
// front. /api/tasks/ID/splats.bin has 32 bytes a Gaussian: centre and standard deviations as floats, RGB and opacity,
// rotation w x y z as 128 + 127.5 * component. Several are seen from the same side: whoever turns one turns all.
'use strict';
const Viewer = (() => {
  const kVertex = `#version 300 es
precision highp float;
precision highp usampler2D;
uniform usampler2D splats;
uniform mat4 view;
uniform vec2 focal, size;
in uint which;
out vec4 colour;
out vec2 place;
vec4 bytes(uint v) { return vec4(v & 255u, (v >> 8) & 255u, (v >> 16) & 255u, v >> 24); }
void main() {
  ivec2 at = ivec2((which & 1023u) << 1, which >> 10);
  uvec4 a = texelFetch(splats, at, 0), b = texelFetch(splats, at + ivec2(1, 0), 0);
  vec3 centre = uintBitsToFloat(a.xyz);
  vec3 scale = vec3(uintBitsToFloat(a.w), uintBitsToFloat(b.xy));
  colour = bytes(b.z) / 255.0;
  vec4 q = normalize((bytes(b.w) - 128.0) / 127.5);
  vec3 p = (view * vec4(centre, 1.0)).xyz;
  gl_Position = vec4(0.0, 0.0, 2.0, 1.0);
  if (p.z > -0.05 || colour.a < 1.0 / 255.0) return;
  mat3 turn = mat3(
    1.0 - 2.0 * (q.z * q.z + q.w * q.w), 2.0 * (q.y * q.z + q.x * q.w), 2.0 * (q.y * q.w - q.x * q.z),
    2.0 * (q.y * q.z - q.x * q.w), 1.0 - 2.0 * (q.y * q.y + q.w * q.w), 2.0 * (q.z * q.w + q.x * q.y),
    2.0 * (q.y * q.w + q.x * q.z), 2.0 * (q.z * q.w - q.x * q.y), 1.0 - 2.0 * (q.y * q.y + q.z * q.z));
  mat3 m = mat3(view) * turn * mat3(scale.x, 0.0, 0.0, 0.0, scale.y, 0.0, 0.0, 0.0, scale.z);
  vec3 jx = vec3(focal.x / -p.z, 0.0, focal.x * p.x / (p.z * p.z));
  vec3 jy = vec3(0.0, focal.y / -p.z, focal.y * p.y / (p.z * p.z));
  vec3 u = jx * m, v = jy * m;
  float xx = dot(u, u) + 0.3, xy = dot(u, v), yy = dot(v, v) + 0.3;
  float mid = 0.5 * (xx + yy), gap = length(vec2(0.5 * (xx - yy), xy));
  vec2 axis = abs(xy) < 1e-6 ? (xx >= yy ? vec2(1.0, 0.0) : vec2(0.0, 1.0)) : normalize(vec2(xy, mid + gap - xx));
  vec2 lengths = min(sqrt(vec2(mid + gap, max(mid - gap, 0.1))), vec2(512.0));
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0 - 1.0;
  place = corner * 3.0;
  vec2 pixels = place.x * lengths.x * axis + place.y * lengths.y * vec2(-axis.y, axis.x);
  gl_Position = vec4((vec2(focal.x * p.x, focal.y * p.y) / -p.z + pixels) * 2.0 / size, 0.0, 1.0);
}`;
  const kFragment = `#version 300 es
precision highp float;
in vec4 colour;
in vec2 place;
out vec4 pixel;
void main() {
  float alpha = colour.a * exp(-0.5 * dot(place, place));
  if (alpha < 1.0 / 255.0) discard;
  pixel = vec4(colour.rgb * alpha, alpha);
}`;
  const kFov = 49.1 * Math.PI / 180;
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  const views = new Map();  // by canvas; a context is made once, and kept
  const shown = new Set();
  let azimuth = .4, elevation = .26, near = 1, turning = true, frame = 0, last = 0, slow = 0;

  const touch = () => { for (const view of shown) view.dirty = true; };

  function start(canvas) {
    const gl = canvas.getContext('webgl2', { antialias: false, alpha: false });
    if (!gl) throw new Error('this browser has no WebGL 2');
    const compile = (type, source) => {
      const shader = gl.createShader(type);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
      return shader;
    };
    const program = gl.createProgram(), places = {};
    gl.attachShader(program, compile(gl.VERTEX_SHADER, kVertex));
    gl.attachShader(program, compile(gl.FRAGMENT_SHADER, kFragment));
    gl.linkProgram(program);
    gl.useProgram(program);
    for (const name of ['splats', 'view', 'focal', 'size']) places[name] = gl.getUniformLocation(program, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    const which = gl.getAttribLocation(program, 'which');
    gl.enableVertexAttribArray(which);
    gl.vertexAttribIPointer(which, 1, gl.UNSIGNED_INT, 4, 0);
    gl.vertexAttribDivisor(which, 1);
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    for (const which of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, which, gl.NEAREST);
    gl.clearColor(1, 1, 1, 1);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    listen(canvas);
    return { canvas, gl, places, load: 0, count: 0, positions: null, order: null, centre: [0, 0, 0], extent: 1.5, dirty: true };
  }

  function listen(canvas) {
    const touched = () => { turning = false; touch(); };
    const turn = (dx, dy) => { azimuth -= dx; elevation = Math.max(-1.5, Math.min(1.5, elevation + dy)); touched(); };
    const zoom = factor => { near = Math.max(.3, Math.min(4, near * factor)); touched(); };
    canvas.addEventListener('pointerdown', e => canvas.setPointerCapture(e.pointerId));
    canvas.addEventListener('pointermove', e => { if (e.buttons) turn(e.movementX * .008, e.movementY * .008); });
    canvas.addEventListener('wheel', e => { e.preventDefault(); zoom(Math.exp(e.deltaY * .001)); }, { passive: false });
    const keys = { ArrowLeft: () => turn(.1, 0), ArrowRight: () => turn(-.1, 0), ArrowUp: () => turn(0, -.1), ArrowDown: () => turn(0, .1), '+': () => zoom(.9), '-': () => zoom(1.1), ' ': () => { turning = !turning; } };
    canvas.addEventListener('keydown', e => { if (keys[e.key]) { keys[e.key](); e.preventDefault(); } });
  }

  function take(view, buffer) {
    const { gl } = view, count = Math.floor(buffer.byteLength / 32);
    const rows = Math.max(1, Math.ceil(count / 1024));
    const words = new Uint32Array(rows * 1024 * 8);
    words.set(new Uint32Array(buffer, 0, count * 8));
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA32UI, 2048, rows, 0, gl.RGBA_INTEGER, gl.UNSIGNED_INT, words);
    const floats = new Float32Array(words.buffer), positions = new Float32Array(count * 3);
    const low = [Infinity, Infinity, Infinity], high = [-Infinity, -Infinity, -Infinity];
    for (let i = 0; i < count; i++)
      for (let k = 0; k < 3; k++) {
        const v = positions[3 * i + k] = floats[8 * i + k];
        low[k] = Math.min(low[k], v);
        high[k] = Math.max(high[k], v);
      }
    Object.assign(view, { count, positions, order: new Uint32Array(count), centre: low.map((v, k) => (v + high[k]) / 2),
      extent: Math.max(1e-6, ...high.map((v, k) => v - low[k])) });
    touch();
  }

  // World to camera, columns first; y is up, the camera looks along its own -z. As far from each as the largest needs it.
  function camera({ centre }) {
    const away = Math.max(...[...shown].map(view => view.extent)) * 2.5 / 1.5 * near;
    const [ca, sa, ce, se] = [Math.cos(azimuth), Math.sin(azimuth), Math.cos(elevation), Math.sin(elevation)];
    const x = [ca, 0, -sa], z = [sa * ce, se, ca * ce], y = [-sa * se, ce, -ca * se];
    const t = axis => -(axis[0] * centre[0] + axis[1] * centre[1] + axis[2] * centre[2]);
    return [x[0], y[0], z[0], 0, x[1], y[1], z[1], 0, x[2], y[2], z[2], 0, t(x), t(y), t(z) - away, 1];
  }

  // By counting, in 2^16 steps of depth: the furthest first.
  function sort({ count, positions, order }, matrix) {
    const [a, b, c] = [matrix[2], matrix[6], matrix[10]];
    const depth = new Float32Array(count);
    let low = Infinity, high = -Infinity;
    for (let i = 0; i < count; i++) {
      const d = depth[i] = a * positions[3 * i] + b * positions[3 * i + 1] + c * positions[3 * i + 2];
      if (d < low) low = d;
      if (d > high) high = d;
    }
    const kSteps = 65536, scale = (kSteps - 1) / Math.max(high - low, 1e-9);
    const starts = new Uint32Array(kSteps + 1), step = new Uint16Array(count);
    for (let i = 0; i < count; i++) {
      step[i] = (depth[i] - low) * scale;
      starts[step[i] + 1]++;
    }
    for (let k = 0; k < kSteps; k++) starts[k + 1] += starts[k];
    for (let i = 0; i < count; i++) order[starts[step[i]]++] = i;
  }

  function draw(view) {
    const { canvas, gl, places } = view;
    const side = Math.max(1, Math.round(canvas.clientWidth * Math.min(devicePixelRatio, 2)));
    if (canvas.width !== side) canvas.width = canvas.height = side;
    gl.viewport(0, 0, side, side);
    gl.clear(gl.COLOR_BUFFER_BIT);
    const matrix = camera(view);
    sort(view, matrix);
    gl.bufferData(gl.ARRAY_BUFFER, view.order, gl.DYNAMIC_DRAW);
    const focal = side / 2 / Math.tan(kFov / 2);
    gl.uniformMatrix4fv(places.view, false, matrix);
    gl.uniform2f(places.focal, focal, focal);
    gl.uniform2f(places.size, side, side);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, view.count);
  }

  function loop(now) {
    frame = requestAnimationFrame(loop);
    // Where each picture takes so long, turning by itself would only be in the way.
    slow = now - last > 250 ? slow + 1 : 0;
    last = now;
    if (slow > 2) turning = false;
    if (turning) azimuth += .01;
    for (const view of shown) {
      if (!view.count || !(view.dirty || turning)) continue;
      view.dirty = false;
      draw(view);
    }
  }

  // Beside whatever is shown in other canvases. `label`: what it is, for the words below.
  async function open(canvas, path, note, label = '') {
    close(canvas);
    note.textContent = `${label && `${label}: `}loading …`;
    canvas.hidden = false;
    let view = views.get(canvas), mine = 0;
    try {
      if (!view) views.set(canvas, view = start(canvas));
      mine = ++view.load;
      view.count = 0;
      view.gl.clear(view.gl.COLOR_BUFFER_BIT);
      const answer = await fetch(path);
      if (!answer.ok) throw new Error(answer.status === 404 ? 'the splats are not kept any more' : `the miner says ${answer.status}`);
      const buffer = await answer.arrayBuffer();
      if (mine !== view.load) return;
      if (!shown.size) {
        [turning, near, slow] = [!still.matches, 1, 0];
        loop(last = performance.now());
      }
      shown.add(view);
      take(view, buffer);
      const size = times(view.count, 'Gaussian');
      note.textContent = label ? `${label}: ${size}` : `${size}. Drag or use the arrow keys to turn, the wheel or + and - to zoom, space to turn by itself.`;
    } catch (error) {
      if (view && mine !== view.load) return;
      close(canvas);
      canvas.hidden = true;
      note.textContent = `${label && `${label}: `}${error.message}`;
    }
  }

  function close(canvas) {
    const view = views.get(canvas);
    if (view) view.load++;
    shown.delete(view);
    touch();
    if (!shown.size) cancelAnimationFrame(frame);
  }
  return { open, close };
})();
