using System.CommandLine;
using WanSharp.Cli.Commands;

namespace WanSharp.Cli.Tests;

/// <summary>What <c>--memory</c> becomes for devices, of which none is here.</summary>
public sealed class DeviceMemoryTests
{
    private static readonly Dictionary<string, string> None = [];

    [Theory]
    [InlineData("cuda", "gpu_mem_limit", "6GB", "6000000000")]
    [InlineData("cuda", "gpu_mem_limit", "4GiB", "4294967296")]
    [InlineData("cuda", "gpu_mem_limit", "auto", null)] // all of it
    [InlineData("tensorrt", "trt_max_workspace_size", "512MB", "512000000")]
    [InlineData("tensorrt", "trt_max_workspace_size", "auto", null)]
    [InlineData("webgpu", "gpu_mem_limit", "6GB", null)] // has no such option
    public void Memory_IsTheDevicesLimit(string provider, string option, string amount, string? expected)
    {
        var options = SilentEnvironment.Create().Host.OptionsFor(provider, None, Read(amount));

        Assert.Equal(expected, options.GetValueOrDefault(option));
    }

    [Fact]
    public void ProviderOption_GoesBeforeMemory() =>
        Assert.Equal(
            "1",
            SilentEnvironment.Create().Host.OptionsFor("cuda", new Dictionary<string, string> { ["gpu_mem_limit"] = "1" }, Read("6GB"))[
                "gpu_mem_limit"
            ]
        );

    private static long? Read(string amount)
    {
        var option = CommonOptions.Memory();
        return new RootCommand { option }
            .Parse(["--memory", amount])
            .GetValue(option)
            ?.Bytes;
    }
}
