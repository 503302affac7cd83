using WanSharp.Runtime.Providers;

namespace WanSharp.Runtime.Tests;

public sealed class ProviderSelectionTests(RuntimeFixture fixture)
{
    private static readonly CudaDevice Card = new("NVIDIA L4", new Version(8, 9), new Version(13, 0), 24_000_000_000, 23_000_000_000);

    private static readonly MissingLibrary CuDnn = new("cuDNN", "libcudnn.so.9", "cudnn9-cuda-13");

    private static readonly MachineFacts Bare = new()
    {
        System = "linux",
        Offered = ["webgpu", "cpu"],
        HasGpu = false,
    };

    [Fact]
    public void Choose_WithoutAnyGpu_TakesTheCpu() => Assert.Equal("cpu", Chosen(Bare));

    [Fact]
    public void Choose_WithAGpu_TakesWebGpu() => Assert.Equal("webgpu", Chosen(Bare with { HasGpu = true }));

    [Theory]
    [InlineData("/usr/lib/chromium/vk_swiftshader_icd.json")]
    [InlineData("/usr/share/vulkan/icd.d/lvp_icd.x86_64.json")]
    public void Choose_WithASoftwareDriver_TakesTheCpu(string driver) =>
        Assert.Equal("cpu", Chosen(Bare with { HasGpu = true, VulkanDriver = driver }));

    [Fact]
    public void Choose_WithAnotherHardwareDriver_TakesWebGpu() =>
        Assert.Equal("webgpu", Chosen(Bare with { HasGpu = true, VulkanDriver = "/usr/share/vulkan/icd.d/radeon_icd.x86_64.json" }));

    [Fact]
    public void Choose_WhenTheLibraryCannotTell_TakesTheCpu() => Assert.Equal("cpu", Chosen(Bare with { HasGpu = null }));

    [Fact]
    public void Choose_WithCuda_TakesItBeforeWebGpuAndTensorRt() => Assert.Equal("cuda", Chosen(WithCuda(Card) with { HasGpu = true }));

    [Fact]
    public void Describe_WithCuda_TellsTheDeviceAndItsMemory() =>
        Assert.Equal(
            "NVIDIA L4 of compute capability 8.9, 23.00 GB of 24.00 GB free",
            ProviderSelection.Describe(WithCuda(Card)).Single(fact => fact.Name == "cuda").Why
        );

    [Fact]
    public void Choose_WithADriverWithoutADevice_GoesOn()
    {
        Assert.Equal("cpu", Chosen(WithCuda(null)));
        Assert.Equal("NVIDIA's driver has no device", ProviderSelection.Describe(WithCuda(null))[0].Why);
    }

    [Theory]
    [InlineData(12, "cuda")]
    [InlineData(13, "cuda")]
    [InlineData(14, "cpu")]
    public void Choose_WithADriverForAnOlderCuda_GoesOn(int built, string expected) =>
        Assert.Equal(expected, Chosen(WithCuda(Card) with { CudaVersion = built }));

    [Fact]
    public void Choose_WithCudaThatLacksLibraries_GoesOnAndSaysWhatIsMissing()
    {
        var machine = Bare with { Offered = ["cuda", "webgpu", "cpu"], HasGpu = true, Missing = CudaLacks(CuDnn) };

        Assert.Equal("webgpu", Chosen(machine));
        Assert.Contains("cuDNN (libcudnn.so.9)", ProviderSelection.Describe(machine)[0].Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("windows", "dml")]
    [InlineData("macos", "coreml")]
    public void Choose_WithoutAGpuForWebGpu_TakesWhatTheSystemHas(string system, string provider) =>
        Assert.Equal(
            provider,
            Chosen(
                new MachineFacts
                {
                    System = system,
                    Offered = ["webgpu", provider, "cpu"],
                    HasGpu = false,
                }
            )
        );

    [Fact]
    public void Choose_WithAProviderThatNobodyKnows_LeavesItAlone() =>
        Assert.Equal("cpu", Chosen(Bare with { Offered = ["npu9000", "cpu"] }));

    [Fact]
    public void Describe_WithoutCuda_SaysHowToGetIt()
    {
        var cuda = ProviderSelection.Describe(Bare)[0];

        Assert.Equal(("cuda", false, "wan providers install cuda"), (cuda.Name, cuda.IsThere, cuda.HowToGet));
    }

    [Fact]
    public void Describe_CudaInstalledButNotUsable_SaysWhatIsMissingInsteadOfInstallingAgain()
    {
        var cuda = ProviderSelection.Describe(
            Bare with
            {
                IsCudaInstalled = true,
                Missing = CudaLacks(new MissingLibrary("the NVIDIA driver", "libcuda.so.1", "NVIDIA's driver")),
            }
        )[0];

        Assert.False(cuda.IsThere);
        Assert.Contains("libcuda.so.1", cuda.Why, StringComparison.Ordinal);
        Assert.StartsWith("install NVIDIA's driver, with their folders", cuda.HowToGet, StringComparison.Ordinal);
    }

    [Fact]
    public void Describe_TensorRtWithoutItsOwnLibraries_LeavesCudaAlone()
    {
        var facts = ProviderSelection.Describe(
            Bare with
            {
                Offered = ["tensorrt", "cuda", "cpu"],
                CudaDevice = Card,
                Missing = new Dictionary<string, IReadOnlyList<MissingLibrary>>
                {
                    ["tensorrt"] = [new("TensorRT", "libnvinfer.so.10", "libnvinfer10")],
                },
            }
        );

        Assert.True(facts.Single(fact => fact.Name == "cuda").IsThere);
        Assert.Equal("this machine cannot load TensorRT (libnvinfer.so.10)", facts.Single(fact => fact.Name == "tensorrt").Why);
    }

    [Fact]
    public void Gather_OnThisMachine_OffersWhatTheLibraryHas()
    {
        var machine = MachineFacts.Gather(
            fixture.Runtime.AvailableProviders,
            fixture.Runtime.HasGpu(),
            _ => null,
            fixture.Runtime.LibraryPath,
            cudaBuild: null
        );

        Assert.Contains("cpu", machine.Offered);
        Assert.NotNull(machine.HasGpu); // the library that comes with the build can tell
    }

    private static string Chosen(MachineFacts machine) => ProviderSelection.Choose(ProviderSelection.Describe(machine)).Name;

    private static MachineFacts WithCuda(CudaDevice? device) =>
        Bare with
        {
            Offered = ["tensorrt", "cuda", "webgpu", "cpu"],
            CudaDevice = device,
        };

    private static Dictionary<string, IReadOnlyList<MissingLibrary>> CudaLacks(MissingLibrary library) => new() { ["cuda"] = [library] };
}
