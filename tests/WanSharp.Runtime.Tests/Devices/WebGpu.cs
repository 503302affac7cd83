namespace WanSharp.Runtime.Tests.Devices;

/// <summary>
/// The WebGPU provider, where there is a Vulkan device to test on; a software one (SwiftShader, part of Debian's chromium) will
/// do.
/// </summary>
internal static class WebGpu
{
    /// <summary>Settings for a session on it; skips the test where there is no device.</summary>
    /// <param name="strict">Whether a node that would run on the CPU fails the session.</param>
    public static SessionSettings Settings(bool strict = false)
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable("VK_ICD_FILENAMES") is null, "no Vulkan device: VK_ICD_FILENAMES is not set.");
        return new SessionSettings
        {
            Provider = "webgpu",
            ConfigEntries = strict ? new Dictionary<string, string> { ["session.disable_cpu_ep_fallback"] = "1" } : [],
        };
    }
}
