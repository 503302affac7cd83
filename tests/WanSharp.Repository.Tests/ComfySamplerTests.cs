using System.Text.Json;
using WanSharp.Jobs.Comfy;

namespace WanSharp.Repository.Tests;

/// <summary>ComfyUI's names of our samplers are in one table: what is served is what is read and written.</summary>
public class ComfySamplerTests
{
    private const string Nodes = "src/WanSharp.Server/Comfy/nodes.json";

    [Theory]
    [InlineData("KSampler", "sampler_name")]
    [InlineData("KSamplerAdvanced", "sampler_name")]
    [InlineData("KSamplerSelect", "sampler_name")]
    [InlineData("WanVideoSampler", "scheduler")]
    public void ServedNames_AreThoseOfTheTable(string node, string input)
    {
        using var nodes = JsonDocument.Parse(Checkout.Read(Nodes));
        var values = nodes.RootElement.GetProperty(node).GetProperty("required").GetProperty(input)[0];

        var names = input == SamplerNames.WrapperInput ? SamplerNames.OfWrapper : SamplerNames.OfComfy;

        Assert.Equal(
            names.Order(StringComparer.Ordinal),
            values.EnumerateArray().Select(value => value.GetString()!).Order(StringComparer.Ordinal)
        );
    }

    /// <summary>No list of them is missed above.</summary>
    [Fact]
    public void NodesWithSamplers_AreAllCompared()
    {
        using var nodes = JsonDocument.Parse(Checkout.Read(Nodes));

        Assert.Equal(
            ["KSampler", "KSamplerAdvanced", "KSamplerSelect", "WanVideoSampler"],
            nodes
                .RootElement.EnumerateObject()
                .Where(node =>
                    node.Value.GetProperty("required")
                        .EnumerateObject()
                        .Any(input => $"{input.Value}".Contains("\"euler\"", StringComparison.Ordinal))
                )
                .Select(node => node.Name)
                .Order(StringComparer.Ordinal)
        );
    }

    /// <summary>What a workflow is filled in with is read back as the same sampler.</summary>
    [Theory]
    [InlineData("sampler_name", "unipc", "uni_pc")]
    [InlineData("sampler_name", "dpm++", "dpmpp_2m")]
    [InlineData("sampler_name", "euler-ancestral", "euler_ancestral")]
    [InlineData("scheduler", "dpm++", "dpm++")]
    [InlineData("scheduler", "rcm", "rcm")]
    public void AName_IsReadAsItIsWritten(string input, string ours, string theirs)
    {
        Assert.Equal(theirs, SamplerNames.For(new ComfyInput("3", input), ours));
        Assert.Equal(ours, SamplerNames.Find(theirs, schedule: null));
    }
}
