using WanSharp.Models;
using WanSharp.Testing;
using WanSharp.Tools.Export;

namespace WanSharp.Tools.Tests.Export;

/// <summary>Exports of checkpoints whose weights have another form than a network's: scaled fp8, other layouts, two experts.</summary>
public sealed class OtherFormatsTests(RuntimeFixture fixture)
{
    [Theory]
    [InlineData("wan2.1-t2v-1.3b", "kijai scaled", "transformer.onnx")]
    [InlineData("wan2.1-i2v-14b-480p", "diffusers", "image_encoder.onnx")]
    [InlineData("wan2.2-t2v-a14b", "gguf", "transformer_high_noise.onnx")]
    public async Task Export_OfAnyToolsFolder_GivesOurNumbers(string variant, string tool, string file)
    {
        using var networks = new TinyNetworks(variant);
        using var folder = new TemporaryFolder();
        networks.RoundToFloat8(ToolFolders.Scale);
        using var model = WanModel.Open(new ToolFolders(networks, folder["model"]).Write(tool));
        var options = new ExportOptions { Networks = ModelNetworks.Transformer | ModelNetworks.ImageEncoder };

        var report = await ModelExporter.ExportAsync(
            model,
            fixture.Runtime,
            folder["onnx"],
            options,
            cancellationToken: TestContext.Current.CancellationToken
        );

        Assert.All(report.Comparisons, comparison => Assert.True(comparison.Passed, comparison.ToString()));
        Assert.Contains(
            report.Comparisons,
            comparison =>
                comparison.Name.StartsWith(
                    Path.GetFileNameWithoutExtension(file).Replace("image_encoder", "image encoder", StringComparison.Ordinal),
                    StringComparison.Ordinal
                )
        );
        Assert.Contains(file, report.Files.Select(written => written.Name));
        Assert.Equal(folder["onnx"], report.Folder);
    }
}
