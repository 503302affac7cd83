using System.Diagnostics;
using WanSharp.Runtime.Providers;
using WanSharp.Testing;

namespace WanSharp.Runtime.Tests;

/// <summary>What is asked of NVIDIA's driver, answered by a library made here that keeps to its header.</summary>
public sealed class CudaDriverTests : IDisposable
{
    // Two devices. A context must be current when memory is asked for, and none may be left.
    private const string Driver = """
        #include <stddef.h>
        #include <string.h>
        static int current, retained, ready;
        int cuInit(unsigned flags) { ready = flags == 0; return WITHOUT_DEVICE ? 100 : 0; }
        int cuDriverGetVersion(int *version) { *version = 13010; return 0; }
        int cuDeviceGetCount(int *count) { *count = 2; return ready ? 0 : 3; }
        int cuDeviceGet(int *device, int ordinal) { *device = 40 + ordinal; return 0; }
        int cuDeviceGetName(char *name, int length, int device) {
            strncpy(name, device == 40 ? "First" : "Second", length); return 0; }
        int cuDeviceGetAttribute(int *value, int attribute, int device) {
            *value = attribute == 75 ? 8 : attribute == 76 ? 9 : -1; return device < 40; }
        int cuDeviceTotalMem_v2(size_t *total, int device) { *total = 24000000000u; return device < 40; }
        int cuDevicePrimaryCtxRetain(void **context, int device) {
            if (IS_TAKEN) return 2;
            retained++; *context = (void *)(size_t)device; return 0; }
        int cuDevicePrimaryCtxRelease_v2(int device) { retained--; return current != 0; }
        int cuCtxPushCurrent_v2(void *context) { current = (int)(size_t)context; return retained != 1; }
        int cuCtxPopCurrent_v2(void **context) { *context = NULL; current = 0; return 0; }
        int cuMemGetInfo_v2(size_t *free, size_t *total) {
            *free = 3000000000u + current; *total = 24000000000u; return current == 0; }
        """;

    private const string WithoutDevice = "WITHOUT_DEVICE";
    private const string IsTaken = "IS_TAKEN";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Read_ADevice_TellsItsMemoryAndItsCapability()
    {
        var driver = await MakeAsync(Driver);

        Assert.Equal(
            new CudaDevice("Second", new Version(8, 9), new Version(13, 1), 24_000_000_000, 3_000_000_041),
            CudaDriver.Read(1, driver)
        );
        Assert.Equal("First", CudaDriver.Read(0, driver)?.Name);
        Assert.Null(CudaDriver.Read(2, driver));
        Assert.Null(CudaDriver.Read(-1, driver));
    }

    [Fact]
    public async Task Read_ADeviceThatLetsNobodyIn_KnowsAllButWhatIsFree()
    {
        var device = CudaDriver.Read(0, await MakeAsync(Driver, IsTaken));

        Assert.Equal(("First", 24_000_000_000, null), (device?.Name, device?.Total, device?.Free));
    }

    [Fact]
    public async Task Read_ADriverWithoutADevice_IsNothing() => Assert.Null(CudaDriver.Read(0, await MakeAsync(Driver, WithoutDevice)));

    [Fact]
    public async Task Read_AnotherLibrary_IsNothing() =>
        Assert.Null(CudaDriver.Read(0, await MakeAsync("int cuInit(unsigned x) { return 0; }")));

    [Fact]
    public void Read_WithoutADriver_IsNothing() => Assert.Null(CudaDriver.Read(0, _folder["none.so"]));

    /// <summary>Compiles a library; skips the test where there is no compiler.</summary>
    private async Task<string> MakeAsync(string source, string isSo = "")
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/usr/bin/cc"), "no C compiler (/usr/bin/cc).");
        await File.WriteAllTextAsync(_folder["driver.c"], source, TestContext.Current.CancellationToken);
        var library = _folder["driver.so"];
        string[] facts = [Define(WithoutDevice), Define(IsTaken)];
        using var compiler = Process.Start("/usr/bin/cc", ["-shared", "-fPIC", .. facts, "-o", library, _folder["driver.c"]]);
        await compiler.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, compiler.ExitCode);
        return library;

        string Define(string fact) => $"-D{fact}={(fact == isSo ? 1 : 0)}";
    }
}
