using System.Globalization;
using WanSharp.Engine;
using WanSharp.Engine.Requests;
using WanSharp.Engine.StepCaches;
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
}
