using WanSharp.Engine.Requests;
using WanSharp.Jobs.Comfy;
using WanSharp.Tensors;
using WanSharp.Testing;
using WanSharp.Testing.Comfy;

namespace WanSharp.Jobs.Tests.Comfy;

public sealed class FilledWorkflowTests : IDisposable
{
    private static readonly Dictionary<ComfyRole, string> NoImages = [];
    private static readonly JobRequest Request = new() { Prompt = "a \"狐狸\"" };

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Fill_PutsEachSettingWhereItBelongs()
    {
        var nodes = Fill(
                Workflows.TextToVideo,
                Request with
                {
                    NegativePrompt = "n",
                    Width = 64,
                    Height = 48,
                    Frames = 9,
                    Fps = 8,
                    Steps = 7,
                    GuidanceScale = 4.5f,
                    Sampler = "dpm++",
                    Shift = 2.5,
                    Seed = ulong.MaxValue,
                }
            )
            .NodesWith(new Dictionary<ComfyRole, string>());

        Assert.Equal("a \"狐狸\"", nodes["6"]!["inputs"]!["text"]!.GetValue<string>());
        Assert.Equal("n", nodes["7"]!["inputs"]!["text"]!.GetValue<string>());
        Assert.Equal("""{"width":64,"height":48,"length":9,"batch_size":1}""", nodes["40"]!["inputs"]!.ToJsonString());
        Assert.StartsWith(
            """{"seed":18446744073709551615,"steps":7,"cfg":4.5,"sampler_name":"dpmpp_2m",""",
            nodes["3"]!["inputs"]!.ToJsonString(),
            StringComparison.Ordinal
        );
        Assert.Equal("2.5", nodes["48"]!["inputs"]!["shift"]!.ToJsonString());
        Assert.Equal("8", nodes["49"]!["inputs"]!["fps"]!.ToJsonString());
    }

    [Fact]
    public void Fill_WithALoraInThePrompt_IsRefused()
    {
        var problem = Assert.Throws<InvalidRequestException>(() =>
            Fill(Workflows.TextToVideo, Request with { Prompt = "a fox <lora:style:0.8>" })
        );

        Assert.Contains("load it in the workflow", problem.Message, StringComparison.Ordinal);
    }

    // What ComfyUI's workflows have no input for that means the same, so that it is refused.
    private static readonly string[] Ours =
    [
        "preset",
        "sigmas",
        "timesteps",
        "boundary",
        "guidance_steps",
        "guidance_interval",
        "cfg_zero",
        "apg",
        "slg",
        "nag",
        "riflex",
        "context_frames",
        "context_overlap",
        "step_cache",
        "lora",
        "lora_high",
        "lora_low",
        "control",
        "control_from",
        "control_strength",
        "mask",
        "mask_shows",
        "outpaint",
        "reference",
        "camera",
        "camera_speed",
        "decoder",
        "encoder",
        "interpolate",
        "upscale",
        "upscale_height",
    ];

    // One of them is right for each.
    private static readonly string[] Values = ["1", "1,0.9,0.5", "0-1", "easy:0.05", "any"];

    [Fact]
    public void Fill_WithASettingOfOursOnly_SaysSo()
    {
        foreach (var field in SettingFields.Stored.Where(field => Ours.Contains(field.Name)))
        {
            var request = Values.Select(value => field.TrySet(Request, value, out var set) ? set : null).First(set => set is not null)!;

            var problem = Assert.Throws<InvalidRequestException>(() => Fill(Workflows.TextToVideo, request));

            Assert.Contains($"take no {field.Name}", problem.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Fill_KnowsWhereEveryOtherSettingGoes()
    {
        foreach (var field in SettingFields.Stored.Where(field => !Ours.Contains(field.Name)))
        {
            var value = field.Choices is [var first, ..] ? first : "16"; // a number that any setting takes, and a text
            Assert.True(field.TrySet(Request, value, out var request));

            var problem = Record.Exception(() => Fill(Workflows.TextToVideo, request));

            // a workflow without such an input says which one to map; that a setting is unknown is never said
            Assert.True(problem?.Message.Contains($"take no {field.Name}", StringComparison.Ordinal) is not true, problem?.Message);
        }
    }

    [Fact]
    public void Fill_WithWhatIsLeftOut_KeepsTheWorkflows()
    {
        var nodes = Fill(Workflows.TextToVideo, Request with { Seed = 3 }).NodesWith(new Dictionary<ComfyRole, string>());
        Assert.Equal("""{"width":832,"height":480,"length":33,"batch_size":1}""", nodes["40"]!["inputs"]!.ToJsonString());
        Assert.Equal("blurry", nodes["7"]!["inputs"]!["text"]!.GetValue<string>());
    }

    [Fact]
    public void Fill_WithoutASeed_KeepsTheWorkflows()
    {
        var filled = Fill(Workflows.TextToVideo, Request);
        Assert.Equal(82, filled.NodesWith(new Dictionary<ComfyRole, string>())["3"]!["inputs"]!["seed"]!.GetValue<int>());
        Assert.Equal(82UL, filled.Seed);
        Assert.Null(Fill(Workflows.TwoExperts, Request).Seed); // 5 and 0
    }

    [Theory]
    [InlineData(30, 15)]
    [InlineData(4, 2)]
    [InlineData(3, 2)]
    public void Fill_OfSteps_MovesWhereTheExpertsTakeTurns(int steps, int boundary)
    {
        var nodes = Fill(Workflows.TwoExperts, Request with { Steps = steps }).NodesWith(new Dictionary<ComfyRole, string>());
        Assert.Equal(steps, nodes["31"]!["inputs"]!["steps"]!.GetValue<int>());
        Assert.Equal(0, nodes["30"]!["inputs"]!["start_at_step"]!.GetValue<int>());
        Assert.Equal(boundary, nodes["30"]!["inputs"]!["end_at_step"]!.GetValue<int>());
        Assert.Equal(boundary, nodes["31"]!["inputs"]!["start_at_step"]!.GetValue<int>());
        Assert.Equal(10000, nodes["31"]!["inputs"]!["end_at_step"]!.GetValue<int>());
    }

    [Fact]
    public void Fill_OfGuidanceForHighNoise_SetsThatExpertsAlone()
    {
        var nodes = Fill(Workflows.TwoExperts, Request with { GuidanceScale = 3, HighNoiseGuidanceScale = 4 })
            .NodesWith(new Dictionary<ComfyRole, string>());
        Assert.Equal("4", nodes["30"]!["inputs"]!["cfg"]!.ToJsonString());
        Assert.Equal("3", nodes["31"]!["inputs"]!["cfg"]!.ToJsonString());
    }

    [Fact]
    public void Fill_OfSeconds_CountsFramesAtTheWorkflowsRate() =>
        Assert.Equal(81, Fill(Workflows.TextToVideo, Request with { Seconds = 5 }).SettingsWith(NoImages)["frames"]!.GetValue<int>());

    [Fact]
    public void Fill_OfWhatTheWorkflowHasNoInputFor_SaysHowToNameOne() =>
        AssertRefused(Workflows.CustomSampling, Request with { NegativePrompt = "n" }, "{\"negative\": \"6.text\"}");

    [Fact]
    public void Fill_OfWhatCannotBeMade_NamesTheNearest()
    {
        AssertRefused(Workflows.TextToVideo, Request with { Frames = 16 }, "nearest is 17");
        AssertRefused(Workflows.TextToVideo, Request with { Width = 100 }, "nearest is 96");
        AssertRefused(Workflows.TextToVideo, Request with { Sampler = "heun" }, "unipc, dpm++, euler");
        AssertRefused(Workflows.TextToVideo, Request with { Steps = 0 }, "1 to 1000");
        AssertRefused(Workflows.TwoExperts, Request with { Images = new Dictionary<int, string> { [2] = "x.png" } }, "latent frame 2");
    }

    [Fact]
    public async Task KeyWith_AnyInputChanged_IsAnother()
    {
        File.WriteAllText(_folder["a.png"], "a");
        File.WriteAllText(_folder["copy.png"], "a");
        File.WriteAllText(_folder["b.png"], "b");
        var image = Request with { Images = new Dictionary<int, string> { [0] = _folder["a.png"] } };
        JobRequest[] requests =
        [
            Request,
            Request with
            {
                Prompt = "another",
            },
            Request with
            {
                Seed = 1,
            },
            Request with
            {
                Steps = 10,
            },
            Request with
            {
                GuidanceScale = 1,
            },
            image,
            Request with
            {
                Images = new Dictionary<int, string> { [0] = _folder["b.png"] },
            },
            Request with
            {
                Images = new Dictionary<int, string> { [-1] = _folder["a.png"] },
            },
        ];
        var keys = new HashSet<string>();
        foreach (var request in requests)
        {
            Assert.True(keys.Add(await KeyAsync(Workflows.TwoExperts, request)), request.ToJson());
        }

        Assert.True(
            keys.Add(
                await KeyAsync(Workflows.TwoExperts.Replace("high.safetensors", "other.safetensors", StringComparison.Ordinal), Request)
            )
        );
        Assert.Equal(
            await KeyAsync(Workflows.TwoExperts, image),
            await KeyAsync(Workflows.TwoExperts, Request with { Images = new Dictionary<int, string> { [0] = _folder["copy.png"] } })
        );
        Assert.Equal(
            await KeyAsync(Workflows.TextToVideo, Request),
            await KeyAsync(Workflows.TextToVideo.Replace("Load Diffusion Model", "My model", StringComparison.Ordinal), Request)
        );
    }

    private static Task<string> KeyAsync(string workflow, JobRequest request) => KeyAsync(Fill(workflow, request));

    private static async Task<string> KeyAsync(FilledWorkflow filled) => filled.KeyWith(await filled.DigestsAsync(Token));

    private static FilledWorkflow Fill(string json, JobRequest request)
    {
        var workflow = Workflows.Parse(json);
        return FilledWorkflow.Fill(workflow, ComfyMapping.Guess(workflow), request);
    }

    private static void AssertRefused(string workflow, JobRequest request, string expected) =>
        Assert.Contains(expected, Assert.Throws<InvalidRequestException>(() => Fill(workflow, request)).Message, StringComparison.Ordinal);
}
