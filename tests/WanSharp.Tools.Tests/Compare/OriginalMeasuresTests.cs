using System.Text.Json;
using WanSharp.Tensors;
using WanSharp.Testing;
using WanSharp.Tools.Compare;
using WanSharp.Tools.Quality;

namespace WanSharp.Tools.Tests.Compare;

/// <summary>Holds measures to those of the original code; tests/tools/make_comparison_fixtures.py made what is expected.</summary>
[NoLiveObjects]
[Collection("native objects")]
public sealed class OriginalMeasuresTests(RuntimeFixture runtime)
{
    private const int Width = 182;
    private const int Height = 177;
    private const double Precision = 1e-4;

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "data", "comparison");
    private static readonly byte[] One = Picture(1);
    private static readonly byte[] Other = Picture(3);

    [Fact]
    public void Compare_OfPictures_GivesTheOriginalsSsimAndPsnr()
    {
        var comparer = new FrameComparer(Width, Height);

        var quality = comparer.Compare(One, Other);

        Assert.Equal(Expected("ssim"), quality.Ssim, Precision);
        Assert.Equal(Expected("psnr"), quality.Psnr, Precision);
        Assert.Equal(Expected("ms_ssim"), comparer.CompareScales(), Precision);
    }

    [Theory]
    [InlineData("alex")]
    [InlineData("vgg")]
    public void Compare_InFeaturesOfAClassifier_GivesTheOriginalsLpips(string kind)
    {
        using var weights = PerceptualWeights.Open([Path.Combine(Folder, $"{kind}.safetensors")]);
        using var comparer = new PerceptualComparer(runtime.Runtime, weights, Width, Height);

        Assert.Equal(kind, weights.Config.Name);
        Assert.Equal(Expected(kind), comparer.Compare(One, Other), Precision);
        Assert.Equal(0, comparer.Compare(One, One), Precision);
    }

    [Fact]
    public void Open_OfTwoFilesWithTorchvisionsNames_IsTheSameNetwork()
    {
        using var folder = new TemporaryFolder();
        using var whole = Checkpoint.Open(Path.Combine(Folder, "vgg.safetensors"));
        var (classifier, layers) = (folder["vgg16-397923af.safetensors"], folder["vgg.safetensors"]);
        var parts = whole.Tensors.ToLookup(pair => pair.Key.StartsWith("net.", StringComparison.Ordinal));
        SafetensorsWriter.Write(
            classifier,
            parts[true].ToDictionary(pair => "features." + string.Join('.', pair.Key.Split('.').Skip(2)), pair => pair.Value)
        );
        SafetensorsWriter.Write(layers, parts[false].ToDictionary(pair => pair.Key, pair => pair.Value));

        using var weights = PerceptualWeights.Open([classifier, layers]);
        using var comparer = new PerceptualComparer(runtime.Runtime, weights, Width, Height);

        Assert.Equal(Expected("vgg"), comparer.Compare(One, Other), Precision);
    }

    [Fact]
    public void Open_OfTheLayersAlone_SaysWhatIsMissing()
    {
        using var folder = new TemporaryFolder();
        using var whole = Checkpoint.Open(Path.Combine(Folder, "alex.safetensors"));
        var layers = folder["alex.safetensors"];
        SafetensorsWriter.Write(
            layers,
            whole
                .Tensors.Where(pair => pair.Key.StartsWith("lin", StringComparison.Ordinal))
                .ToDictionary(pair => pair.Key, pair => pair.Value)
        );

        var failure = Assert.Throws<CheckpointException>(() => PerceptualWeights.Open([layers]));

        Assert.Contains("alexnet or vgg16", failure.Message, StringComparison.Ordinal);
    }

    private static double Expected(string measure)
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "expected.json")));
        return file.RootElement.GetProperty(measure).GetDouble();
    }

    /// <summary>A picture by the formula of the program that made the expected values.</summary>
    private static byte[] Picture(long step)
    {
        var pixels = new byte[Width * Height * 3];
        for (var i = 0L; i < Width * Height; i++)
        {
            for (var channel = 0; channel < 3; channel++)
            {
                pixels[(i * 3) + channel] = (byte)((((i * step) + (channel * 41) + (i * i / 97)) % 251 / 2) + (i / Width % 120));
            }
        }

        return pixels;
    }
}
