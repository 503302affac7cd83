using WanSharp.Tensors;

namespace WanSharp.Runtime.Tests;

public sealed class WebGpuTests(RuntimeFixture fixture)
{
    // Set where there is a Vulkan device to test on; a software one (SwiftShader, part of Debian's chromium-common) will do.
    private static readonly string? VulkanDevice = Environment.GetEnvironmentVariable("VK_ICD_FILENAMES");

    [Fact]
    public void Run_OnWebGpuAlone_GivesTheSameNumbers()
    {
        Assert.SkipWhen(VulkanDevice is null, "no Vulkan device: VK_ICD_FILENAMES is not set.");
        var settings = new SessionSettings
        {
            Provider = "webgpu",
            ConfigEntries = new Dictionary<string, string> { ["session.disable_cpu_ep_fallback"] = "1" },
        };
        using var session = fixture.Compile("scale", settings);
        using var x = Tensor.CopyOf<float>([2, 4], [1, 2, 3, 4, 5, 6, 7, 8]);
        using var w = Tensor.CopyOf<float>([4], [1, 10, 100, 1000]);
        using var run = session.Prepare();
        run.SetInput("x", x);
        run.SetInput("w", w);

        using var result = run.Run();

        Assert.Equal([1, 20, 300, 4000, 5, 60, 700, 8000], result["y"].AsTensor().Read<float>());
    }
}
