using System.Text.Json.Nodes;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary><c>wan inspect</c> of what other programs made.</summary>
public sealed class InspectRecipeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Inspect_OfAWorkflow_PrintsTheCommand_WithTheAliasOfItsModel()
    {
        var run = await CommandLineRun.RunAsync(["inspect", Recipe("editor-t2v.json")]);

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains("made by        ComfyUI", run.Out, StringComparison.Ordinal);
        Assert.EndsWith(
            "wan generate 'a fox moving quickly in a beautiful winter scenery' --negative '色调艳丽，过曝' --size 832x480 --frames 33 --fps 16 "
                + "--sampler unipc --sigmas "
                + "1,0.995885,0.991525,0.9869,0.981823,0.976575,0.970973,0.964981,0.958347,0.951424,"
                + "0.943961,0.935893,0.926857,0.917308,0.906876,0.895432,0.882407,0.868396,0.852792,0.835307,"
                + "0.814921,0.792395,0.766546,0.73658,0.700232,0.658185,0.60731,0.544503,0.46218,0.357388 "
                + "--guidance 6 --seed 18446744073709551614 --lora style/ink.safetensors:0.8 "
                + "--model t2v-1.3b -o clip.mp4",
            run.Out.TrimEnd(),
            StringComparison.Ordinal
        );
    }

    /// <summary>An alias brings both experts, and the workflow has one for all of its steps.</summary>
    [Fact]
    public async Task Inspect_OfAWorkflowWithOneExpert_NamesItForAllSteps()
    {
        const string Expert = "wan2.2_t2v_high_noise_14B_fp8_scaled.safetensors";
        var workflow = (await File.ReadAllTextAsync(Recipe("editor-t2v.json"), TestContext.Current.CancellationToken)).Replace(
            "wan2.1_t2v_1.3B_fp16.safetensors",
            Expert,
            StringComparison.Ordinal
        );
        var run = await CommandLineRun.RunAsync(["inspect", _folder.Write("one.json", workflow)]);

        Assert.Contains($"--model-high {Expert} --model-low {Expert} -o clip.mp4", run.Out, StringComparison.Ordinal);
    }

    /// <summary>Wan2GP names one file of a model of two experts: the other one is asked for.</summary>
    [Fact]
    public async Task Inspect_OfAClipThatNamesOneOfTwoExperts_AsksForTheOther()
    {
        const string Expert = "mine_high_noise_14B.safetensors";
        var settings = (await File.ReadAllTextAsync(Recipe("wan2gp.json"), TestContext.Current.CancellationToken))
            .Replace("\"t2v_2_2\"", "\"t2v_2_2_mine\", \"base_model_type\": \"t2v_2_2\"", StringComparison.Ordinal)
            .Replace("wan2.2_text2video_14B_high_quanto_mbf16_int8.safetensors", Expert, StringComparison.Ordinal);
        var run = await CommandLineRun.RunAsync(["inspect", _folder.Write("mine.json", settings)]);

        Assert.Contains($"--model-high {Expert} --model-low MODEL -o clip.mp4", run.Out, StringComparison.Ordinal);
        Assert.Contains("the file of the low-noise expert, which its settings do not name", run.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("editor-two-experts.json", "--model i2v-a14b --image start.png -o clip.mp4")]
    [InlineData("editor-wrapper.json", "--model WanVideo/Wan2_1-T2V-14B_fp8_e4m3fn.safetensors")]
    [InlineData("wan2gp.json", "--lora-high high.safetensors --lora-low low.safetensors --model t2v-a14b")]
    [InlineData("swarm.json", "--model t2v-14b")]
    [InlineData("parameters.txt", "--sampler dpm++-karras")]
    public async Task Inspect_OfEveryProgram_PrintsACommandThatParses(string file, string expected)
    {
        var json = JsonNode.Parse((await CommandLineRun.RunAsync(["inspect", Recipe(file), "--json"])).Out)!;

        var command = (string)json["command"]!;
        Assert.Contains(expected, command, StringComparison.Ordinal);
        var plan = await CommandLineRun.RunAsync(["generate", "--help"]);
        foreach (var option in command.Split(' ').Where(word => word.StartsWith("--", StringComparison.Ordinal)))
        {
            Assert.Contains(option, plan.Out, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Inspect_OfAClipOfComfyUI_ReadsItsComment()
    {
        var ffmpeg = Ffmpegs.Any;
        var clip = _folder["clip.mp4"];
        var workflow = await File.ReadAllTextAsync(Recipe("editor-wrapper.json"), TestContext.Current.CancellationToken);
        var made = await ProcessRun.RunAsync(
            ffmpeg,
            [
                "-v",
                "error",
                "-f",
                "lavfi",
                "-i",
                "color=red:size=16x16:duration=0.1",
                "-metadata",
                $"comment={{\"workflow\": {workflow}}}",
                clip,
            ],
            []
        );
        Assert.True(made.ExitCode == 0, made.Error);

        var run = await CommandLineRun.RunAsync(["inspect", clip]);

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains("prompt         a red panda", run.Out, StringComparison.Ordinal);
        Assert.Contains("  feta_args of node 27 (WanVideoSampler)", run.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", "holds no settings of WanSharp, ComfyUI")]
    [InlineData("""{"1": {"class_type": "Note", "inputs": {}}}""", "without a known sampler: it has Note")]
    public async Task Inspect_OfSomethingElse_SaysSo(string text, string expected)
    {
        var run = await CommandLineRun.RunAsync(["inspect", _folder.Write("other.json", text)]);

        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    /// <summary>A LoRA is no model, and is told what it is all the same.</summary>
    [Fact]
    public async Task Inspect_OfALora_SaysWhatItIs()
    {
        using var factor = Tensor.Zeros(DType.F32, [4, 16]);
        var file = _folder["style.safetensors"];
        SafetensorsWriter.Write(file, new Dictionary<string, Tensor> { ["diffusion_model.blocks.0.self_attn.q.lora_A.weight"] = factor });
        const string Expected = "a LoRA, 1 layer of rank 4, ComfyUI's names; for --lora";

        var run = await CommandLineRun.RunAsync(["inspect", file]);
        var json = JsonNode.Parse((await CommandLineRun.RunAsync(["inspect", file, "--json"])).Out)!;

        Assert.Equal(0, run.ExitCode);
        Assert.Contains(Expected, run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("cannot be used", run.Out, StringComparison.Ordinal);
        Assert.Equal(Expected, (string?)json["networks"]![0]);
    }

    private static string Recipe(string name) => Path.Combine(AppContext.BaseDirectory, "recipes", name);
}
