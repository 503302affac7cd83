using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Media.Images;
using WanSharp.Models;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Planning;

public class GenerationPlannerTests(TinyEngine engine)
{
    private static readonly GenerationRequest Circle = new() { Prompt = "a red circle" };
    private static readonly RgbImage Picture = new(4, 4, new byte[48]);

    public static TheoryData<GenerationRequest, string, string> Wrong =>
        new()
        {
            { Circle with { Prompt = " \n" }, "prompt", "is empty" },
            { Circle with { Prompt = new string('x', 8193) }, "prompt", "longer than 8192" },
            { Circle with { Prompt = "half \ud83c" }, "prompt", "character 5 is half of a surrogate pair" },
            { Circle with { Prompt = "\udfac 🎬" }, "prompt", "character 0 is half" },
            { Circle with { Prompt = $"x{new string('\u2028', 8000)}x" }, "prompt", "too long to be embedded" },
            { Circle with { Prompt = "red \u001b$B@V" }, "prompt", "the control character U+001B" },
            { Circle with { Prompt = "a\0b" }, "prompt", "the control character U+0000" },
            { Circle with { NegativePrompt = "a\u0085b" }, "negative", "the control character U+0085" },
            { Circle with { Prompt = "a caf\ufffd" }, "prompt", "U+FFFD" },
            { Circle with { Prompt = "\ufeffa cat" }, "prompt", "byte order mark" },
            { Circle with { Prompt = "a\uffffb" }, "prompt", "U+FFFF" },
            { Circle with { Prompt = "????????" }, "prompt", "question marks" },
            { Circle with { Prompt = "A ??? ?????" }, "prompt", "question marks" },
            { Circle with { Prompt = "A <random:red,blue> star" }, "prompt", "tag of another program" },
            { Circle with { Prompt = "A <wildcard[2-3]:color> star" }, "prompt", "tag of another program" },
            { Circle with { Prompt = "... — …" }, "prompt", "no words" },
            { Circle with { Prompt = "None" }, "prompt", "as programs write for no text" },
            { Circle with { NegativePrompt = "0" }, "negative", "as programs write for no text" },
            { Circle with { NegativePrompt = "FALSCH" }, "negative", "as programs write for no text" },
            { Circle with { NegativePrompt = "NaN" }, "negative", "leave it out" },
            { Circle with { NegativePrompt = "---" }, "negative", "no words" },
            { Circle with { Prompt = "a cat <lora:style:0,8>" }, "prompt", "may mean 0.8, or 0 in the first step and 8 in the others" },
            { Circle with { Prompt = "a cat <lora:style:1,5>" }, "prompt", "may mean 1.5" },
            { Circle with { NegativePrompt = new string('x', 8193) }, "negative", "longer than 8192" },
            { Circle with { Width = 33 }, "size", "The nearest is 32x16" },
            { Circle with { Height = -1 }, "size", "The nearest is 32x16" },
            { Circle with { Width = int.MaxValue, Height = int.MinValue }, "size", "The nearest is 8192x16" },
            { Circle with { Width = 8192, Height = 8192, Frames = 4097 }, "size", "tokens" },
            { Circle with { Frames = 16 }, "frames", "The nearest is 17" },
            { Circle with { Frames = 3 }, "frames", "The nearest is 5" },
            { Circle with { Frames = int.MinValue }, "frames", "The nearest is 1" },
            { Circle with { Frames = int.MaxValue }, "frames", "The nearest is 4097" },
            { Circle with { Frames = 5, Seconds = 1 }, "seconds", "give only one" },
            { Circle with { Seconds = double.NaN }, "seconds", "NaN" },
            { Circle with { Seconds = -1 }, "seconds", "-1" },
            { Circle with { Seconds = double.PositiveInfinity }, "seconds", "512" },
            { Circle with { Fps = 0 }, "fps", "the nearest is 1" },
            { Circle with { Steps = 1001 }, "steps", "the nearest is 1000" },
            { Circle with { GuidanceScale = float.NaN }, "guidance", "not a number" },
            { Circle with { GuidanceScale = float.PositiveInfinity }, "guidance", "the nearest is 100" },
            { Circle with { HighNoiseGuidanceScale = 4 }, "guidance-high", "one transformer" },
            { Circle with { Shift = 0 }, "shift", "the nearest is 0.01" },
            { Circle with { Sampler = "eular" }, "sampler", "Did you mean euler?" },
            { Circle with { Images = [new(Picture, 3)] }, "image", "give 0 to 2, or -1" },
            { Circle with { Images = [new(Picture, int.MinValue)] }, "image", "give 0 to 2, or -1" },
            { Circle with { Images = [new(Picture, 2), new(Picture, -1)] }, "image", "Two images were given for latent frame 2" },
            { Circle with { Images = [new(new RgbImage(2, 2, new byte[11]))] }, "image", "11 bytes are not an image of 2x2" },
            { Circle with { Images = [new(new RgbImage(0, 0, []))] }, "image", "0 bytes are not an image" },
            {
                Circle with
                {
                    Images = [new(new RgbImage(1, 1_000_000, new byte[3_000_000]))],
                },
                "image",
                "cut it to nearly the video's shape"
            },
        };

    [Theory]
    [MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public void Plan_OfWhatCannotBeMade_NamesTheFieldAndTheWayOut(GenerationRequest request, string field, string expected)
    {
        var error = Assert.Throws<InvalidRequestException>(() => GenerationPlanner.Plan(request, engine.Model));

        Assert.Equal(field, error.Field);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("猫")]
    [InlineData("кот")]
    [InlineData("🐱")]
    [InlineData("7")]
    [InlineData("who's there?? what?")]
    [InlineData("(red:1.2) \"car\"")]
    public void Plan_OfAPromptOfAnyKind_TakesIt(string prompt) =>
        Assert.Equal(prompt, GenerationPlanner.Plan(Circle with { Prompt = prompt, NegativePrompt = " " }, engine.Model).Settings.Prompt);

    [Fact]
    public void Plan_OfAPromptAlone_TakesTheModelsDefaults()
    {
        var plan = GenerationPlanner.Plan(Circle, engine.Model);

        Shape latents = [1, 4, 3, 2, 4]; // 9 frames of 16 rows and 32 columns
        Assert.Equal(latents, plan.Latents);
        Assert.Equal(6, plan.Tokens);
        Assert.Equal(2, plan.Branches);
        Assert.Empty(plan.GivenFrames);
        Assert.Equal(("tiny", "unipc", 4), (plan.Settings.Model, plan.Settings.Sampler, plan.Settings.Steps));
        Assert.Equal(engine.Model.Digest, plan.Settings.ModelDigest);
    }

    [Theory]
    [InlineData(0.01, 8, 1)]
    [InlineData(1, 8, 9)]
    [InlineData(1, 6, 5)]
    [InlineData(5, 16, 81)]
    [InlineData(512, 8, 4097)]
    public void Plan_OfSeconds_RoundsToFramesThatFit(double seconds, int fps, int expected) =>
        Assert.Equal(expected, GenerationPlanner.Plan(Circle with { Seconds = seconds, Fps = fps }, engine.Model).Settings.Frames);

    [Theory]
    [InlineData(1f, 1)]
    [InlineData(0f, 2)]
    [InlineData(1.0001f, 2)]
    public void Plan_OfAGuidanceOfOne_HasOneBranch(float guidance, int branches) =>
        Assert.Equal(branches, GenerationPlanner.Plan(Circle with { GuidanceScale = guidance }, engine.Model).Branches);

    [Fact]
    public void Plan_OfImages_ResolvesTheirFrames()
    {
        var plan = GenerationPlanner.Plan(Circle with { Images = [new(Picture, -1), new(Picture)] }, engine.Model);

        Assert.Equal([0, 2], plan.GivenFrames.Keys.Order());
        Assert.Equal([0, 2], plan.Settings.Images.Select(image => image.LatentFrame));
        Assert.Equal(64, plan.Settings.Images[0].Sha256.Length);
    }

    [Theory]
    [InlineData(8, 8, 32, 16)] // as near to a square as 512 pixels in steps of 16 come
    [InlineData(32, 16, 32, 16)]
    [InlineData(14, 28, 16, 32)]
    public void Plan_OfAnImageAndNoSize_TakesTheImagesShape(int width, int height, int expectedWidth, int expectedHeight)
    {
        var image = new RgbImage(width, height, new byte[3 * width * height]);
        var settings = GenerationPlanner.Plan(Circle with { Images = [new(image)] }, engine.Model).Settings;
        Assert.Equal((expectedWidth, expectedHeight), (settings.Width, settings.Height));
        var asked = GenerationPlanner.Plan(Circle with { Width = 48, Height = 32, Images = [new(image)] }, engine.Model).Settings;
        Assert.Equal((48, 32), (asked.Width, asked.Height));
    }

    [Fact]
    public void Plan_WithWhatComputes_NotesIt()
    {
        var settings = GenerationPlanner.Plan(Circle, engine.Model, new ExecutionSettings("cpu", "fp32", 2)).Settings;
        Assert.Contains(
            """
            "execution":{"provider":"cpu","precision":"fp32","threads":2}
            """.Trim(),
            settings.ToJson(),
            StringComparison.Ordinal
        );
        Assert.Equal(settings.Execution, GenerationSettings.FromJson(settings.ToJson())!.Execution);
        Assert.DoesNotContain("high_noise", settings.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_OfAnImage_ForAModelOfTextAlone_SaysSo()
    {
        using var folder = new TemporaryFolder();
        engine.CopyModel(folder["t2v"]);
        var config = Path.Combine(folder["t2v"], "config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace("ti2v", "t2v", StringComparison.Ordinal));
        using var model = WanModel.Open(folder["t2v"]);

        var error = Assert.Throws<InvalidRequestException>(() => GenerationPlanner.Plan(Circle with { Images = [new(Picture)] }, model));

        Assert.Contains("from text alone", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Whatever is asked for, the planner makes a plan that holds together, or says what is wrong.</summary>
    [Fact]
    public void Plan_OfAnyRequest_PlansOrRefuses()
    {
        const int Requests = 2000;
        var random = new Random(20260101);
        var planned = 0;
        for (var i = 0; i < Requests; i++)
        {
            var request = Any(random);
            try
            {
                var plan = GenerationPlanner.Plan(request, engine.Model);
                planned++;
                Assert.Equal(plan.Settings.Width, plan.Latents[4] * 8);
                Assert.Equal(plan.Settings.Frames, ((plan.LatentFrames - 1) * 4) + 1);
                Assert.NotNull(GenerationSettings.FromJson(plan.Settings.ToJson()));
            }
            catch (InvalidRequestException e)
            {
                Assert.NotEmpty(e.Message);
            }
        }

        Assert.InRange(planned, Requests / 50, Requests - (Requests / 50)); // both happen
    }

    private static GenerationRequest Any(Random random)
    {
        int[] integers = [0, 1, -1, 4, 5, 16, 17, 24, 32, 33, 64, 81, 480, 8192, 4097, int.MaxValue, int.MinValue];
        double[] numbers = [0, 1, -1, 3, 0.01, 0.5, 5, 100, 1e-300, 1e300, double.NaN, double.PositiveInfinity, double.NegativeInfinity];
        string[] texts =
        [
            "",
            " ",
            "a red circle",
            "红",
            "\ud800",
            "\u0000\u001b",
            "🎬",
            "unipc",
            "Euler ",
            "dpm++-karras",
            new('\'', 9000),
        ];
        RgbImage[] images =
        [
            Picture,
            new(0, 0, []),
            new(-1, -1, []),
            new(1, 3, new byte[9]),
            new(1, 100_000, new byte[300_000]),
            new(int.MaxValue, int.MaxValue, []),
        ];
        return new GenerationRequest
        {
            Prompt = Rarely(random) ? Pick(texts) : "a red circle",
            NegativePrompt = Rarely(random) ? Pick(texts) : null,
            Width = Rarely(random) ? Pick(integers) : null,
            Height = Rarely(random) ? Pick(integers) : null,
            Frames = Rarely(random) ? Pick(integers) : null,
            Seconds = Rarely(random) ? Pick(numbers) : null,
            Fps = Rarely(random) ? Pick(integers) : null,
            Steps = Rarely(random) ? Pick(integers) : null,
            GuidanceScale = Rarely(random) ? (float)Pick(numbers) : null,
            Sampler = Rarely(random) ? Pick(texts) : null,
            Shift = Rarely(random) ? Pick(numbers) : null,
            Seed = (ulong)random.NextInt64(),
            Images = Rarely(random)
                ? [.. Enumerable.Range(0, random.Next(4)).Select(_ => new ConditioningImage(Pick(images), Pick(integers)))]
                : [],
        };

        T Pick<T>(T[] values) => values[random.Next(values.Length)];
    }

    private static bool Rarely(Random random) => random.Next(4) == 0;
}
