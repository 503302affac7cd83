using System.Text.RegularExpressions;

namespace WanSharp.Repository.Tests;

/// <summary>A provider is one row of a table: no other code decides anything by its name.</summary>
public partial class ProviderNameTests
{
    private const string Table = "ProviderProfiles.cs";

    [Fact]
    public void NoProvidersName_IsWrittenOutsideTheTable()
    {
        var found =
            from file in Directory.EnumerateFiles(Path.Combine(Checkout.Root, "src"), "*.cs", SearchOption.AllDirectories)
            where Path.GetFileName(file) != Table && !Built().IsMatch(file)
            from line in File.ReadLines(file).Select((text, index) => (Text: text, Number: index + 1))
            where !line.Text.TrimStart().StartsWith("//", StringComparison.Ordinal) && Name().IsMatch(line.Text)
            select $"{file}({line.Number}): {line.Text.Trim()}";

        Assert.Empty(found);
    }

    [Theory]
    [InlineData("settings.Provider == \"cuda\"", true)]
    [InlineData("\"CPUExecutionProvider\" => null,", true)]
    [InlineData("name is \"WebGPU\" or \"DML\"", true)]
    [InlineData("\"wan providers install cuda\"", false)]
    [InlineData("\"wan selftest --provider webgpu\"", false)]
    public void Name_IsAWholeLiteral(string line, bool expected) => Assert.Equal(expected, Name().IsMatch(line));

    [GeneratedRegex(
        "\"(cuda|tensorrt|trt|webgpu|dml|directml|coreml|openvino|qnn|xnnpack|rocm|migraphx|dnnl|cpu|\\w+ExecutionProvider)\"",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex Name();

    [GeneratedRegex(@"[/\\](obj|bin)[/\\]")]
    private static partial Regex Built();
}
