using System.Text.Json;
using WanSharp.Graphs;
using WanSharp.Models;
using WanSharp.Tensors;
using WanSharp.Testing;
using WanSharp.Tools.Export;

namespace WanSharp.Tools.Tests.Export;

[NoLiveObjects]
[Collection("native objects")]
public sealed class ModelExporterTests(ExportedModel exported) : IClassFixture<ExportedModel>, IDisposable
{
    /// <summary>What rounding in another order makes of these tiny networks; measured: 5e-6.</summary>
    private const double Rounding = 2e-5;

    private static readonly string[] AllFiles =
    [
        "README.md",
        "manifest.json",
        "spiece.model",
        "text_encoder.onnx",
        "text_encoder.onnx.data",
        "transformer.onnx",
        "transformer.onnx.data",
        "vae_decode_first.onnx",
        "vae_decode_first.onnx.data",
        "vae_decode_next.onnx",
        "vae_decode_next.onnx.data",
        "vae_encode_first.onnx",
        "vae_encode_first.onnx.data",
        "vae_encode_next.onnx",
        "vae_encode_next.onnx.data",
    ];

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Export_OfAModel_WritesEveryNetworkAndItsDescription()
    {
        Assert.True(exported.Report.Passed);
        Assert.Equal(AllFiles, exported.Report.Files.Select(file => file.Name));
        Assert.All(
            exported.Report.Files,
            file => Assert.Equal(file.Bytes, new FileInfo(Path.Combine(exported.Report.Folder, file.Name)).Length)
        );
        using var manifest = JsonDocument.Parse(File.ReadAllText(Path.Combine(exported.Report.Folder, "manifest.json")));
        var latents = manifest.RootElement.GetProperty("graphs")[0].GetProperty("inputs")[0];
        Assert.Equal("""["batch",4,"frames","height","width"]""", JsonSerializer.Serialize(latents.GetProperty("shape")));
    }

    [Fact]
    public void Export_OfAModel_GivesOurNumbersInTwoSizes()
    {
        Assert.Equal(2 + 2 + 12, exported.Report.Comparisons.Count); // Transformer, text encoder, three pieces of encoder and decoder each.
        Assert.All(exported.Report.Comparisons, comparison => Assert.InRange(comparison.MaximumError, 0, Rounding));
    }

    [Fact]
    public async Task Export_OfFusedNetworks_GivesOurNumbers()
    {
        var report = await Export(new ExportOptions { Lowering = Lowering.Fused });

        Assert.All(report.Comparisons, comparison => Assert.InRange(comparison.MaximumError, 0, Rounding));
    }

    [Fact]
    public async Task Export_InF16_GivesOurNumbersInF16()
    {
        var report = await Export(new ExportOptions { Compute = DType.F16 });

        Assert.True(report.Passed, string.Join('\n', report.Comparisons.Where(comparison => !comparison.Passed)));
        Assert.Equal(BytesOf(exported.Report, "text_encoder.onnx.data"), BytesOf(report, "text_encoder.onnx.data"));
        var readme = await File.ReadAllTextAsync(Path.Combine(report.Folder, "README.md"), Cancellation);
        Assert.Contains("float16", readme, StringComparison.Ordinal);

        static long BytesOf(ExportReport report, string file) => report.Files.Single(one => one.Name == file).Bytes;
    }

    [Fact]
    public async Task Export_OfOneNetwork_LeavesTheOthersOut()
    {
        var report = await Export(new ExportOptions { Networks = ModelNetworks.Transformer });

        Assert.Equal(["README.md", "manifest.json", "transformer.onnx", "transformer.onnx.data"], report.Files.Select(file => file.Name));
    }

    [Fact]
    public async Task Check_OfADamagedFile_Fails()
    {
        var report = await Export(new ExportOptions { Networks = ModelNetworks.Transformer });
        using (var data = File.OpenWrite(Path.Combine(report.Folder, "transformer.onnx.data")))
        {
            data.Write(new byte[64]); // The first weight's beginning.
        }

        var comparisons = await new ExportCheck(
            exported.Model,
            exported.Runtime,
            report.Folder,
            ExportedGraph.Of(exported.Model, ModelNetworks.All, Lowering.Plain, DType.F32),
            DType.F32
        ).RunAsync(ModelNetworks.Transformer, Cancellation);

        Assert.All(comparisons, comparison => Assert.False(comparison.Passed));
    }

    [Fact]
    public async Task Export_IntoAFolderWithOtherFiles_IsRefusedEvenByForce()
    {
        Directory.CreateDirectory(_folder["out"]);
        await File.WriteAllTextAsync(Path.Combine(_folder["out"], "letter.txt"), "mine", Cancellation);

        var error = await Assert.ThrowsAsync<InvalidRequestException>(() => Export(new ExportOptions { Replace = true }));

        Assert.Contains("no export wrote", error.Message, StringComparison.Ordinal);
        Assert.Equal(["out"], _folder.Entries);
    }

    [Fact]
    public async Task Export_OntoAnEarlierOne_NeedsForceAndReplacesIt()
    {
        await Export(new ExportOptions { Networks = ModelNetworks.TextEncoder });

        var error = await Assert.ThrowsAsync<InvalidRequestException>(() => Export(new ExportOptions()));
        var report = await Export(new ExportOptions { Networks = ModelNetworks.Transformer, Replace = true });

        Assert.Contains("--force", error.Message, StringComparison.Ordinal);
        Assert.Equal(
            report.Files.Select(file => file.Name),
            Directory.EnumerateFiles(_folder["out"]).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );
        Assert.Equal(["out"], _folder.Entries);
    }

    [Theory]
    [InlineData("writing text_encoder.onnx")]
    [InlineData("checking the VAE")]
    public async Task Export_WhenCancelled_LeavesNothing(string moment)
    {
        using var cancellation = new CancellationTokenSource();
        var progress = new Reports(report =>
        {
            if (report.Doing == moment)
            {
                cancellation.Cancel();
            }
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            ModelExporter.ExportAsync(exported.Model, exported.Runtime, _folder["out"], new ExportOptions(), progress, cancellation.Token)
        );

        Assert.Empty(_folder.Entries);
    }

    [Fact]
    public void Open_OfACheckpointThatLacksAWeight_NamesItBeforeAnythingIsExported()
    {
        TinyModel.Write(_folder["model"]);
        SafetensorsWriter.Write(Path.Combine(_folder["model"], "vae.safetensors"), new Dictionary<string, Tensor>());

        var error = Assert.Throws<CheckpointException>(() => WanModel.Open(_folder["model"]));

        Assert.Contains("vae.safetensors", error.Message, StringComparison.Ordinal);
        Assert.Contains("encoder.conv1.weight", error.Message, StringComparison.Ordinal);
        Assert.Equal(["model"], _folder.Entries);
    }

    [Fact]
    public void Folder_WithoutRoomOnItsDisk_IsRefused()
    {
        var error = Assert.Throws<IOException>(() => ExportFolder.Open(_folder["out"], replace: false, bytes: long.MaxValue));

        Assert.Contains(" left", error.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Entries);
    }

    [Fact]
    public void Folder_ThatIsKept_StaysUnderItsTemporaryName()
    {
        string kept;
        using (var folder = ExportFolder.Open(_folder["out"], replace: false, bytes: 0))
        {
            kept = folder.Keep();
        }

        Assert.Equal([Path.GetFileName(kept)], _folder.Entries);
        Assert.False(Directory.Exists(_folder["out"]));
    }

    public void Dispose() => _folder.Dispose();

    private Task<ExportReport> Export(ExportOptions options) =>
        ModelExporter.ExportAsync(exported.Model, exported.Runtime, _folder["out"], options, cancellationToken: Cancellation);

    private sealed class Reports(Action<ExportProgress> handler) : IProgress<ExportProgress>
    {
        public void Report(ExportProgress value) => handler(value);
    }
}
