// Every way in which a machine has a GPU, or has none, or cannot use it.
#include "generator/gpu.hpp"

#include "generator/errc.hpp"
#include "tests/storage/unprivileged.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fstream>

using Catch::Contains;
using generator::choose_device;
using generator::CudaError;
using generator::Errc;
using generator::GpuFacts;

namespace {

const generator::Gpu k3090{"NVIDIA GeForce RTX 3090", 8, 6};
const generator::Gpu kH100{"NVIDIA H100 80GB HBM3", 9, 0};

// A build with CUDA on a machine without any GPU.
GpuFacts bare() {
    GpuFacts facts;
    facts.cuda = 13000;
    facts.architectures = "8.0 8.6 9.0 12.0+PTX";
    facts.error = CudaError::no_device;
    facts.error_words = "no CUDA-capable device is detected";
    return facts;
}

GpuFacts with_gpus(std::vector<generator::Gpu> gpus) {
    auto facts = bare();
    facts.driver = "580.65.06";
    facts.driver_cuda = 13000;
    facts.on_bus = facts.device_files = true;
    facts.error = CudaError::none;
    for (const auto& gpu : gpus) facts.models.push_back(gpu.name);
    facts.gpus = std::move(gpus);
    return facts;
}

// The GPU is there, and CUDA answers with `error`.
GpuFacts failing(CudaError error, std::string words = "these words") {
    auto facts = with_gpus({});
    facts.models = {k3090.name};
    facts.error = error;
    facts.error_words = std::move(words);
    return facts;
}

// Both auto and a GPU by name must refuse, and say so; device_lost where a restart may help.
void check_refused(const GpuFacts& facts, const std::string& words, Errc code = Errc::bad_device) {
    for (const auto* wanted : {"auto", "cuda", "cuda:0"}) {
        INFO(wanted);
        const auto choice = choose_device(wanted, facts);
        REQUIRE_FALSE(choice.has_value());
        CHECK(choice.error().code == code);
        CHECK_THAT(choice.error().detail, Contains(words));
    }
    CHECK_THAT(choose_device("auto", facts).error().detail, Contains("name cpu as the device"));
    CHECK_FALSE(choose_device("cpu", facts).value().gpu);
}

Errc passing(CudaError error) {
    return error == CudaError::not_permitted ? Errc::bad_device : Errc::device_lost;
}

void write(const std::filesystem::path& file, const std::string& text) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
}

}  // namespace

TEST_CASE("auto takes the first GPU, and says which it is and by which driver") {
    const auto facts = with_gpus({k3090, kH100});
    const auto choice = choose_device("auto", facts).value();
    CHECK(choice.gpu == 0);
    CHECK(choice.words == "cuda:0 NVIDIA GeForce RTX 3090 (8.6), driver 580.65.06");
    CHECK(choice.unused.empty());
    CHECK(choose_device("cuda", facts).value().gpu == 0);
    CHECK(choose_device("cuda:1", facts).value().words ==
          "cuda:1 NVIDIA H100 80GB HBM3 (9.0), driver 580.65.06");
}

TEST_CASE("a GPU that is not there is refused with those that are") {
    const auto refused = choose_device("cuda:2", with_gpus({k3090, kH100}));
    CHECK_THAT(refused.error().detail, Contains("cuda:0 NVIDIA GeForce RTX 3090 (8.6), cuda:1 "));
    for (const auto* wanted : {"cuda:", "cuda:x", "cuda:-1", "cuda:1x", "gpu", "", "cuda1",
                               "cuda:99999999999999999999"}) {
        INFO(wanted);
        const auto unknown = choose_device(wanted, with_gpus({k3090}));
        REQUIRE_FALSE(unknown.has_value());
        CHECK(unknown.error().code == generator::Errc::bad_device);
        CHECK_THAT(unknown.error().detail, Contains("cuda:N"));
    }
}

TEST_CASE("a GPU that is gone beside others may come back, be it that CUDA counts it or not") {
    const auto lost = [](const GpuFacts& facts, const std::string& words) {
        const auto choice = choose_device("cuda:1", facts);
        REQUIRE_FALSE(choice.has_value());
        CHECK(choice.error().code == Errc::device_lost);
        CHECK_THAT(choice.error().detail, Contains("'cuda:1'") && Contains(words));
        CHECK(choose_device("cuda:0", facts).value().gpu == 0);
        CHECK(choose_device("auto", facts).value().gpu == 0);
    };
    auto uncounted = with_gpus({k3090});
    uncounted.models.push_back(k3090.name);
    lost(uncounted, "shows 1 of the 2 GPUs");
    auto failing_one = with_gpus({k3090});
    failing_one.broken_off = "unspecified launch failure";
    lost(failing_one, "cuda:1 (unspecified launch failure)");
    failing_one.visible = "0,1";
    lost(failing_one, "cuda:1 (unspecified launch failure)");
}

TEST_CASE("a GPU that is left out by hand, or that the machine never had, does not come back") {
    const auto refused = [](const GpuFacts& facts, const char* wanted) {
        const auto choice = choose_device(wanted, facts);
        REQUIRE_FALSE(choice.has_value());
        CHECK(choice.error().code == Errc::bad_device);
    };
    auto facts = with_gpus({k3090});
    facts.models.push_back(k3090.name);
    refused(facts, "cuda:2");
    facts.denied = "/dev/nvidia1";
    refused(facts, "cuda:1");
    CHECK_THAT(choose_device("cuda:1", facts).error().detail, Contains("no permission on"));
    facts.denied.clear();
    facts.visible = "0";
    refused(facts, "cuda:1");
}

TEST_CASE("where the first GPU has an error, or one after those without code, it may come back") {
    auto facts = with_gpus({});
    facts.models = {k3090.name};
    facts.broken_off = "unspecified launch failure";
    check_refused(facts, "cuda:0 (unspecified launch failure)", Errc::device_lost);
    facts.visible = "0";
    check_refused(facts, "cuda:0 (unspecified launch failure)", Errc::device_lost);
    const generator::Gpu old{"NVIDIA GeForce RTX 2080 Ti", 7, 5, false};
    facts.gpus = {old};
    const auto choice = choose_device("auto", facts);
    REQUIRE_FALSE(choice.has_value());
    CHECK(choice.error().code == Errc::device_lost);
    CHECK_THAT(choice.error().detail, Contains("cuda:1 (unspecified launch failure)"));
}

TEST_CASE("only a machine that has nothing of NVIDIA falls to the CPU, and says so") {
    const auto choice = choose_device("auto", bare()).value();
    CHECK_FALSE(choice.gpu);
    CHECK(choice.words == "cpu: no GPU found");
    // Without a driver CUDA says that it is too old.
    auto without_driver = bare();
    without_driver.error = CudaError::insufficient_driver;
    CHECK(choose_device("auto", without_driver).value().words == "cpu: no GPU found");
    CHECK_THAT(choose_device("cuda", bare()).error().detail, Contains("no NVIDIA GPU"));

    const auto expect = [](GpuFacts facts) {
        CHECK_FALSE(choose_device("auto", facts).has_value());
    };
    auto facts = bare();
    facts.on_bus = true;
    expect(facts);
    facts = bare();
    facts.driver = "580.65.06";
    expect(facts);
    facts = bare();
    facts.device_files = true;
    expect(facts);
}

TEST_CASE("the CPU by name is taken whatever there is") {
    const auto choice = choose_device("cpu", with_gpus({k3090})).value();
    CHECK_FALSE(choice.gpu);
    CHECK(choice.words == "cpu: as the settings say");
    CHECK(choice.unused.empty());
}

TEST_CASE("a build without CUDA takes the CPU, and tells of the GPU that it leaves unused") {
    GpuFacts facts;
    CHECK(choose_device("auto", facts).value().words == "cpu: built without CUDA");
    CHECK(choose_device("auto", facts).value().unused.empty());
    CHECK_THAT(choose_device("cuda", facts).error().detail, Contains("MINER_CUDA=ON"));
    facts.on_bus = true;
    CHECK_THAT(choose_device("auto", facts).value().unused, Contains("the NVIDIA GPU of"));
    facts.driver = "535.129.03";
    facts.models = {k3090.name, kH100.name};
    const auto choice = choose_device("auto", facts).value();
    CHECK_FALSE(choice.gpu);
    CHECK_THAT(choice.unused, Contains(k3090.name) && Contains(kH100.name) &&
                                  Contains("MINER_CUDA=ON") && Contains("package for CUDA"));
    CHECK(choose_device("cpu", facts).value().unused.empty());
}

TEST_CASE("a driver that is too old is refused with the one that is needed") {
    auto facts = failing(CudaError::insufficient_driver);
    facts.driver = "535.129.03";
    facts.driver_cuda = 12020;
    check_refused(facts, "is 535.129.03, but CUDA 13.0 needs R580 or newer");
    // Seen by its library alone, as within some containers.
    facts.driver = "";
    check_refused(facts, "library is for CUDA 12.2, but CUDA 13.0 needs R580");
    CHECK(generator::least_driver(13010) == 580);
    CHECK(generator::least_driver(12080) == 525);
}

TEST_CASE("an old driver with NVIDIA's compatibility package is as good as CUDA says") {
    auto facts = with_gpus({kH100});
    facts.driver = "535.129.03";
    CHECK(choose_device("auto", facts).value().gpu == 0);
}

TEST_CASE("a GPU without a driver, device files or permission is refused with what to do") {
    auto facts = failing(CudaError::insufficient_driver);
    facts.driver.clear();
    facts.device_files = false;
    facts.driver_cuda = 0;
    check_refused(facts, "no NVIDIA driver is loaded", Errc::device_lost);

    facts = failing(CudaError::no_device);
    facts.device_files = false;
    check_refused(facts, "--gpus all", Errc::device_lost);

    facts = failing(CudaError::no_device);
    facts.denied = "/dev/nvidia0";
    check_refused(facts, "no permission on /dev/nvidia0");

    facts = failing(CudaError::insufficient_driver);
    facts.driver_cuda = 0;
    check_refused(facts, "libcuda.so.1");
}

TEST_CASE("each of CUDA's own errors comes with what an operator can do") {
    check_refused(failing(CudaError::system_not_ready), "nvidia-fabricmanager", Errc::device_lost);
    check_refused(failing(CudaError::driver_mismatch), "restart the machine");
    check_refused(failing(CudaError::compat_not_supported), "cuda-compat");
    for (const auto error :
         {CudaError::unknown, CudaError::operating_system, CudaError::not_permitted}) {
        check_refused(failing(error), "(these words)", passing(error));
        check_refused(failing(error), "nvidia-uvm", passing(error));
    }
    check_refused(failing(CudaError::no_device), "dmesg", Errc::device_lost);
    check_refused(failing(CudaError::none), "dmesg", Errc::device_lost);
    check_refused(failing(CudaError(46), "out of order"), "out of order");
}

TEST_CASE("GPUs that a variable hides on purpose are not missed, and by mistake they are") {
    auto facts = failing(CudaError::no_device);
    for (const auto* all : {"", "-1"}) {
        facts.visible = all;
        CHECK(choose_device("auto", facts).value().words ==
              "cpu: CUDA_VISIBLE_DEVICES hides every GPU");
        CHECK_THAT(choose_device("cuda", facts).error().detail, Contains("CUDA_VISIBLE_DEVICES"));
    }
    facts.visible = "7";
    check_refused(facts, "CUDA_VISIBLE_DEVICES hides every GPU: it names none");
}

TEST_CASE("a card that the build has no code for is refused by name, or another one taken") {
    const generator::Gpu old{"NVIDIA GeForce RTX 2080 Ti", 7, 5, false};
    check_refused(with_gpus({old}),
                  "cuda:0 NVIDIA GeForce RTX 2080 Ti (7.5) finds no code in this "
                  "build, which is for 8.0 8.6 9.0 12.0+PTX: build for 7.5");
    CHECK(choose_device("auto", with_gpus({old, k3090})).value().gpu == 1);
    CHECK_FALSE(choose_device("cuda:0", with_gpus({old, k3090})).has_value());
}

TEST_CASE("a machine's files tell driver, models, bus and permissions") {
    const tests::TemporaryFolder folder;
    const auto& root = folder.path();
    CHECK(generator::machine_facts(root).driver.empty());
    CHECK_FALSE(generator::machine_facts(root).on_bus);

    write(root / "sys/bus/pci/devices/0000:00:01.0/vendor", "0x8086\n");
    write(root / "sys/bus/pci/devices/0000:00:01.0/class", "0x030000\n");
    write(root / "sys/bus/pci/devices/0000:01:00.1/vendor", "0x10de\n");
    write(root / "sys/bus/pci/devices/0000:01:00.1/class", "0x040300\n");
    CHECK_FALSE(generator::machine_facts(root).on_bus);  // another's display, and NVIDIA's sound
    write(root / "sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n");
    write(root / "sys/bus/pci/devices/0000:01:00.0/class", "0x030200\n");

    write(root / "proc/driver/nvidia/gpus/0000:01:00.0/information",
          "Model: \t\t NVIDIA GeForce RTX 3090\nIRQ:   \t\t 180\n");
    write(root / "dev/nvidiactl", "");
    write(root / "dev/nvidia-caps", "");
    const auto facts = generator::machine_facts(root);
    CHECK(facts.on_bus);
    CHECK(facts.device_files);
    CHECK(facts.models == std::vector<std::string>{k3090.name});
    CHECK(facts.denied.empty());
}

TEST_CASE("the driver's version is read from what either kernel module says") {
    const tests::TemporaryFolder folder;
    const auto version_in = [&](const std::string& line) {
        write(folder.path() / "proc/driver/nvidia/version", line);
        return generator::machine_facts(folder.path()).driver;
    };
    CHECK(version_in("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03  Thu Oct 19 "
                     "18:56:32 UTC 2023\nGCC version: 12.2.0\n") == "535.129.03");
    CHECK(version_in("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release "
                     "Build  (dvs-builder)\n") == "580.65.06");
    CHECK(version_in("").empty());
    CHECK(version_in("no number 5 here 64.x").empty());
}

TEST_CASE("a device file that this user may not open is named") {
    using std::filesystem::perms;
    const tests::TemporaryFolder folder;
    write(folder.path() / "dev/nvidiactl", "");
    write(folder.path() / "dev/nvidia0", "");
    std::filesystem::permissions(folder.path(), perms(0755));
    std::filesystem::permissions(folder.path() / "dev", perms(0755));
    std::filesystem::permissions(folder.path() / "dev/nvidiactl", perms(0666));
    std::filesystem::permissions(folder.path() / "dev/nvidia0", perms::none);
    CHECK(tests::unprivileged([&] {
              const auto denied = generator::machine_facts(folder.path()).denied;
              return denied.ends_with("/dev/nvidia0") ? 1 : 0;
          }) == 1);
}

TEST_CASE("auto may be a GPU where the machine has a device file of one, cpu never is") {
    const generator::GpuFacts without, with{.device_files = true};
    CHECK(generator::may_be_gpu("auto", with));
    CHECK_FALSE(generator::may_be_gpu("auto", without));
    CHECK_FALSE(generator::may_be_gpu("cpu", with));
    CHECK(generator::may_be_gpu("cuda:1", without));
}
