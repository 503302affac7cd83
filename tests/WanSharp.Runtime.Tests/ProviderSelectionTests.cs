using WanSharp.Runtime.Providers;

namespace WanSharp.Runtime.Tests;

public sealed class ProviderSelectionTests(RuntimeFixture fixture)
{
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
    public void Choose_WithCuda_TakesItBeforeWebGpuAndTensorRt() =>
        Assert.Equal("cuda", Chosen(Bare with { Offered = ["tensorrt", "cuda", "webgpu", "cpu"], HasGpu = true }));

    [Fact]
    public void Choose_WithCudaThatLacksLibraries_GoesOnAndSaysWhatIsMissing()
    {
        var machine = Bare with { Offered = ["cuda", "webgpu", "cpu"], HasGpu = true, MissingCudaLibraries = ["cuDNN (libcudnn.so.9)"] };

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
                MissingCudaLibraries = ["the NVIDIA driver (libcuda.so.1)"],
            }
        )[0];

        Assert.False(cuda.IsThere);
        Assert.Contains("libcuda.so.1", cuda.Why, StringComparison.Ordinal);
        Assert.DoesNotContain("wan providers install", cuda.HowToGet, StringComparison.Ordinal);
    }

    [Fact]
    public void Gather_OnThisMachine_OffersWhatTheLibraryHas()
    {
        var machine = MachineFacts.Gather(fixture.Runtime.AvailableProviders, fixture.Runtime.HasGpu(), _ => null, isCudaInstalled: false);

        Assert.Contains("cpu", machine.Offered);
        Assert.NotNull(machine.HasGpu); // the library that comes with the build can tell
    }

    [Fact]
    public void Missing_NothingLoads_NamesEachLibraryWithItsVersions()
    {
        var missing = CudaLibraries.Missing(_ => false);

        Assert.Equal(4, missing.Count);
        Assert.Contains(
            missing,
            what => what.Contains("cudnn", StringComparison.OrdinalIgnoreCase) && what.Contains('9', StringComparison.Ordinal)
        );
        Assert.Empty(CudaLibraries.Missing(_ => true));
    }

    private static string Chosen(MachineFacts machine) => ProviderSelection.Choose(ProviderSelection.Describe(machine)).Name;
}
