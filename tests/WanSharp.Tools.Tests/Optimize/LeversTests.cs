using WanSharp.Engine.Costs;
using WanSharp.Engine.Presets;
using WanSharp.Engine.Requests;
using WanSharp.Hosting;
using WanSharp.Testing;
using WanSharp.Tools.Optimize;

namespace WanSharp.Tools.Tests.Optimize;

public sealed class LeversTests(TinyEngine engine) : IDisposable
{
    private static readonly GenerationRequest Fox = new()
    {
        Prompt = "a fox",
        Frames = 1,
        Width = 96,
        Height = 64,
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>What is smaller is enlarged to the size that the clip has in the file, whatever enlarges that one.</summary>
    [Theory]
    [InlineData(null, 96, 64)]
    [InlineData(40, 60, 40)]
    public void Of_WithAnUpscaler_MakesFewerPixelsForTheSameSize(int? height, int width, int expected)
    {
        var upscaler = Upscalers.Write(_folder["twice.safetensors"], Upscalers.Compact());
        var asked = height is null ? Fox : Fox with { Upscale = upscaler, UpscaleHeight = height };

        var size = Assert.Single(Choices(asked, upscaler), choice => choice.Lever == "size");

        var plan = new CostModel(engine.Model).Sketch((GenerationRequest)size.Apply(asked));
        Assert.Equal("size 48x32, enlarged by twice.safetensors", $"{size}");
        Assert.Equal((48, 32, width, expected), (plan.Settings.Width, plan.Settings.Height, plan.Format.Width, plan.Format.Height));
    }

    [Fact]
    public void Of_AGuidedClip_TriesAttentionInPlaceOfTheSecondPass()
    {
        var nag = Assert.Single(Choices(Fox), choice => choice.Name.StartsWith("1, nag", StringComparison.Ordinal));

        var plan = new CostModel(engine.Model).Sketch((GenerationRequest)nag.Apply(Fox));
        Assert.Equal((1, 5.0), (plan.Branches, plan.Settings.Nag?.Scale));
        Assert.DoesNotContain(Choices(Fox with { GuidanceScale = 3 }), choice => choice.Name == nag.Name); // that was asked for
        Assert.DoesNotContain(Choices(Fox with { GuidanceScale = 1 }), choice => choice.Lever == nag.Lever);
    }

    [Fact]
    public void PixelUpscalers_AreThoseThatOpen()
    {
        var host = new WanHost(new HostOptions { CacheFolder = _folder["cache"], ModelFolders = [_folder.Path] });
        Directory.CreateDirectory(_folder["upscale_models"]);
        var upscaler = Upscalers.Write(_folder["upscale_models/twice.safetensors"], Upscalers.Compact());
        DecoderFiles.Write(_folder["upscale_models/other.safetensors"], TinyVaes.Wan21);

        Assert.Contains(upscaler, PixelUpscalers.Of(engine.Model, host));
        Assert.DoesNotContain(PixelUpscalers.Of(engine.Model, host), file => file.Contains("other", StringComparison.Ordinal));
    }

    private IReadOnlyList<LeverChoice> Choices(GenerationRequest asked, params string[] upscalers) =>
        Levers.Of(
            engine.Model,
            PresetChoice.Default,
            new CostModel(engine.Model).Sketch(asked),
            asked,
            decoders: [],
            upscalers,
            withEightBit: false
        );
}
