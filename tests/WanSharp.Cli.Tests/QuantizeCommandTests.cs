using System.Text.Json;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary><c>wan quantize</c> through the program, on small clips of the Shapes model.</summary>
public sealed class QuantizeCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Quantize_OfShapes_WritesAModelThatComfyUiReadsAndWeUse()
    {
        var output = _folder["int8"];

        var run = await QuantizeAsync("-o", output, "--max-loss", "20%", "--json");

        Assert.True(run.ExitCode == 0, run.Error);
        using var json = JsonDocument.Parse(run.Out);
        var layers = json.RootElement.GetProperty("layers").EnumerateArray().ToList();
        Assert.Equal(64, layers.Count);
        Assert.InRange(json.RootElement.GetProperty("held_back").GetProperty("worst").GetDouble(), 0, 0.2);
        using (var file = Checkpoint.Open(Path.Combine(output, "transformer.safetensors")))
        {
            var layer = layers.First(one => one.GetProperty("format").GetString() == "int8").GetProperty("name").GetString();
            Assert.Equal(DType.I8, file.Get($"{layer}.weight").DType);
            Assert.Equal([file.Get($"{layer}.weight").Shape[0], 1], file.Get($"{layer}.weight_scale").Shape.Dims.ToArray());
            Assert.Equal("{\"format\":\"int8_tensorwise\"}"u8, file.Get($"{layer}.comfy_quant").Read<byte>());
        }

        var clip = _folder["clip.webp"];
        string[] generate =
        [
            "generate",
            "a red circle",
            "--model",
            output,
            "--precision",
            "int8",
            "--steps",
            "1",
            "--frames",
            "1",
            "-o",
            clip,
        ];
        var made = await RunAsync(generate);
        Assert.True(made.ExitCode == 0, made.Error);
        var again = await QuantizeAsync("-o", _folder["twice"], "--model", output);
        again.AssertFailedWith(2, "it is quantized already");
        Assert.Equal(["cache", "clip.webp", "int8"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task Quantize_WithinNothing_WritesNothing()
    {
        var run = await QuantizeAsync("-o", _folder["int8"], "--max-loss", "0.000001%");

        run.AssertFailedWith(1, "--max-loss");
        Assert.Equal(["cache"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("", "exists: name a new folder")]
    [InlineData("none/int8", "There is no folder")]
    [InlineData("int8.safetensors", "name a folder")]
    public async Task Quantize_IntoAPlaceThatIsNone_IsRefusedAtOnce(string output, string expected)
    {
        var run = await QuantizeAsync("-o", _folder[output]);

        run.AssertFailedWith(2, expected);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("120%")]
    [InlineData("little")]
    public async Task Quantize_WithALossThatIsNone_IsWrongUsage(string loss)
    {
        var run = await QuantizeAsync("-o", _folder["int8"], "--max-loss", loss);

        run.AssertFailed(2, "such as 3% or 0.03");
    }

    private Task<CommandLineRun> QuantizeAsync(params string[] args) =>
        RunAsync(["quantize", "--steps", "2", "--frames", "1", "--clips", "1", .. args]);

    private Task<CommandLineRun> RunAsync(string[] args) =>
        CommandLineRun.RunAsync(
            args,
            variables: new Dictionary<string, string> { ["WAN_CACHE"] = _folder["cache"], ["PATH"] = "" },
            cancellationToken: Cancellation
        );
}
