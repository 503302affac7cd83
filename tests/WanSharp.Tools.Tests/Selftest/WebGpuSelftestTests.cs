using WanSharp.Runtime;
using WanSharp.Testing;
using WanSharp.Tools.Selftest;

namespace WanSharp.Tools.Tests.Selftest;

/// <summary>
/// Whole networks on a WebGPU device; the VAE and the pipelines take minutes on a software one and are left to <c>wan
/// selftest</c>.
/// </summary>
public class WebGpuSelftestTests
{
    [Theory]
    [InlineData("dit-t2v")]
    [InlineData("umt5")]
    public async Task RunAsync_OnWebGpu_IsWithinTheLimitForDevices(string name)
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable("VK_ICD_FILENAMES") is null, "no Vulkan device: VK_ICD_FILENAMES is not set.");
        using var runtime = OrtRuntime.Create(new RuntimeOptions { LibraryPath = NodePackages.WebGpuLibrary });

        var results = new List<FixtureResult>();
        await foreach (
            var result in FixtureRunner.RunAsync(
                Path.Combine(AppContext.BaseDirectory, "fixtures", name),
                runtime,
                new SessionSettings { Provider = "webgpu" },
                TestContext.Current.CancellationToken
            )
        )
        {
            results.Add(result);
        }

        var only = Assert.Single(results);
        Assert.True(only.Passed, $"{only.Problem} {only.Worst}");
        Assert.Contains(only.Comparisons, comparison => comparison.Limit == FixtureLimits.Device);
    }

    [Fact]
    public void For_CpuAndDevices_WidensOnlyWhatADeviceComputes()
    {
        var (cpu, device) = (FixtureLimits.For(new SessionSettings()), FixtureLimits.For(new SessionSettings { Provider = "cuda" }));

        Assert.Equal(3e-5, cpu.Transformer);
        Assert.All(
            [device.Transformer, device.TextEncoder, device.Vae, device.VisionEncoder, device.Pipeline],
            limit => Assert.Equal(1e-3, limit)
        );
    }
}
