using WanSharp.Engine.Costs;
using WanSharp.Engine.Requests;
using WanSharp.Media.Images;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Planning;

public sealed class GivenImagesTests(TinyEngine engine) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>
    /// Wan 2.1 Fun InP, whose tensors are those of i2v, was trained for a last frame, which CLIP does not see: its rows are one image's.
    /// Its name tells it.
    /// </summary>
    [Theory]
    [InlineData("model", true)]
    [InlineData("Wan2.1-Fun-V1.1-14B-InP", false)]
    public async Task Generate_OfTwoImagesThroughClip_TakesTheLast_AndSaysWhatItMayNotHaveLearned(string name, bool isNoted)
    {
        using var networks = new TinyNetworks("wan2.1-i2v-14b-480p");
        new ToolFolders(networks, _folder[name]).Official();
        using var model = WanModel.Open(_folder[name]);
        using var generator = new VideoGenerator(model, engine.Runtime, new SessionSettings());
        var image = new ConditioningImage(new RgbImage(64, 64, new byte[3 * 64 * 64]));

        var plan = generator.Plan(
            new GenerationRequest
            {
                Prompt = "a red circle",
                Width = 64,
                Height = 64,
                Frames = 5,
                Steps = 1,
                Images = [image, image with { LatentFrame = -1 }],
            }
        );
        var clip = new FrameList();
        await generator.GenerateAsync(plan, clip, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal([0, 1], plan.GivenFrames.Keys.Order());
        Assert.Equal(isNoted, plan.Warnings.Any(note => note.Contains("takes a last frame", StringComparison.Ordinal)));
        Assert.Equal(5, clip.Frames.Count);
    }

    [Fact]
    public void Count_OfALastFrameThatClipDoesNotSee_IsThatOfTheFirstAlone()
    {
        using var networks = new TinyNetworks("wan2.1-i2v-14b-480p");
        new ToolFolders(networks, _folder["model"]).Official();
        using var model = WanModel.Open(_folder["model"]);
        var costs = new CostModel(model);
        var image = new ConditioningImage(new RgbImage(64, 64, new byte[3 * 64 * 64]));

        Assert.Equal(Operations(image), Operations(image, image with { LatentFrame = -1 }));

        double Operations(params ConditioningImage[] images)
        {
            var request = new GenerationRequest
            {
                Prompt = "a red circle",
                Width = 64,
                Height = 64,
                Frames = 5,
                Steps = 1,
                Images = images,
            };
            return costs.Count(costs.Sketch(request)).Stages.Single(stage => stage.Stage == PlanStage.Image).Work.Operations;
        }
    }
}
