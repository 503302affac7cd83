using System.Globalization;
using WanSharp.Engine;
using WanSharp.Engine.Requests;
using WanSharp.Engine.StepCaches;
using WanSharp.Media.Images;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Testing;
using WanSharp.Tools.Quality;

namespace WanSharp.Tools.Tests.Quality;

public sealed class StepCacheLossTests(TinyEngine engine)
{
    [Fact]
    public async Task Measure_OfClipsThatAreEnlarged_ComparesThemAsTheyAreInTheFile()
    {
        using var folder = new TemporaryFolder();
        var settings = new ClipSettings
        {
            Frames = 1,
            Steps = 6,
            Upscale = Upscalers.Write(folder["large.safetensors"], Upscalers.Compact()),
        };
        using var generator = new VideoGenerator(engine.Model, engine.Runtime, new SessionSettings());
        StepCacheSetting[] ways = [StepCacheSetting.Off, StepCacheSetting.Parse("taylor:2,0,3", CultureInfo.InvariantCulture)];

        var clips = await new StepCacheLoss(generator, settings)
            .MeasureAsync(ways, ["a red circle"], clips: 1, TestContext.Current.CancellationToken)
            .ToListAsync(TestContext.Current.CancellationToken);

        Assert.Equal(1, clips[0].Quality.Ssim, precision: 6);
        Assert.True(clips[1].Computed < 6 && clips[1].Quality.Ssim < 1);
    }

    /// <summary>A recording changes ratios alone, and of those of text and of images one kind.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Record_OfANetworkThatIsKnown_KeepsWhatElseIsKnown(bool withImage)
    {
        using var folder = new TemporaryFolder();
        using (var networks = new TinyNetworks("wan2.2-ti2v-5b"))
        {
            new ToolFolders(networks, folder["model"]).Write("official");
        }

        File.WriteAllText(
            folder["model/" + StepCacheLoss.RecordingName],
            """
            {"mag": {"threshold": 0.06, "skips": 2, "retention": 0.3, "low_noise_only": true, "ratios": [1, 0.5], "image_ratios": [1, 0.4]}}
            """
        );
        using var model = WanModel.Open(folder["model"]);
        using var generator = new VideoGenerator(model, engine.Runtime, new SessionSettings());
        var pixels = new RgbImage(64, 64, new byte[64 * 64 * 3]);
        ConditioningImage[] images = withImage ? [new ConditioningImage(pixels, 0)] : [];
        var settings = new ClipSettings
        {
            Frames = 5,
            Steps = 3,
            Width = 64,
            Height = 64,
        };

        var json = await new StepCacheLoss(generator, settings, images).RecordAsync(
            model,
            ["a fox"],
            TestContext.Current.CancellationToken
        );

        File.WriteAllText(folder["recorded.json"], json);
        var mag = KnownStepCache.ReadFile(folder["recorded.json"])!.Mag!;
        Assert.Equal((0.06, 2, 0.3, true), (mag.Threshold, mag.Skips, mag.Retention, mag.LowNoiseOnly));
        Assert.Equal(withImage ? [2, 3] : [3, 2], new[] { mag.Ratios.Count, mag.ImageRatios!.Count });
    }
}
