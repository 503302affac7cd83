using WanSharp.Testing.Comfy;
using static WanSharp.Jobs.Tests.Comfy.WorkflowFilling;

namespace WanSharp.Jobs.Tests.Comfy;

/// <summary>Nodes between the sampler and the clip that have a size or a number of frames of their own.</summary>
public sealed class FixedMeasuresTests
{
    private static readonly JobRequest Request = new() { Prompt = "a fox" };

    [Theory]
    [InlineData(
        """
            {"49": {"images": ["60", 0]}, "60": {"class_type": "ImageScale", "inputs": {"width": 1664, "height": 960,
              "image": ["8", 0]}}}
            """,
        "width of node 60 (ImageScale) makes it 1664"
    )]
    [InlineData(
        """
            {"3": {"latent_image": ["60", 0]}, "60": {"class_type": "LatentUpscale", "inputs": {"width": 1280, "height": 720,
              "samples": ["61", 0]}}, "61": {"class_type": "KSampler", "inputs": {"seed": 82, "steps": 4, "cfg": 6, "sampler_name":
              "uni_pc", "scheduler": "simple", "denoise": 1, "model": ["48", 0], "positive": ["6", 0], "negative": ["7", 0],
              "latent_image": ["40", 0]}}}
            """,
        "width of node 60 (LatentUpscale) makes it 1280"
    )]
    public void ASizeOfItsOwn_RefusesAnother(string edit, string expected)
    {
        var workflow = Workflows.Edit(Workflows.TextToVideo, edit);

        AssertRefused(workflow, Request with { Width = 480, Height = 832 }, expected);
        Assert.Equal("832", Fill(workflow, Request)["40"]!["inputs"]!["width"]!.ToJsonString());
    }

    [Fact]
    public void ANumberOfFramesOfItsOwn_RefusesAnother()
    {
        const string Cut = """
            {"49": {"images": ["60", 0]}, "60": {"class_type": "ImageFromBatch", "inputs": {"batch_index": 0, "length": 25,
              "image": ["8", 0]}}}
            """;

        AssertRefused(Workflows.Edit(Workflows.TextToVideo, Cut), Request with { Frames = 49 }, "length of node 60 (ImageFromBatch)");
    }

    [Theory]
    [InlineData("""{"40": {"batch_size": 4}}""", "batch_size of node 40 (EmptyHunyuanLatentVideo) makes 4 clips at once")]
    [InlineData(
        """
            {"3": {"latent_image": ["60", 0]}, "60": {"class_type": "RepeatLatentBatch", "inputs": {"samples": ["40", 0], "amount": 3}}}
            """,
        "amount of node 60 (RepeatLatentBatch) repeats it 3 times"
    )]
    public void SeveralClipsInOneFile_RefuseANumberOfFrames(string edit, string expected)
    {
        var workflow = Workflows.Edit(Workflows.TextToVideo, edit);

        AssertRefused(workflow, Request with { Frames = 49 }, expected);
        Fill(workflow, Request);
    }

    [Theory]
    [InlineData("pingpong", "true", "pingpong of node 50 (VHS_VideoCombine) plays it backwards again")]
    [InlineData("loop_count", "2", "loop_count of node 50 (VHS_VideoCombine) plays it 2 times again")]
    public void AClipThatIsPlayedAgain_RefusesANumberOfFrames(string input, string value, string expected)
    {
        var workflow = Workflows.Edit(
            Workflows.TextToVideo.Replace("SaveVideo", "VHS_VideoCombine", StringComparison.Ordinal),
            $$$"""{"50": {"images": ["8", 0], "video": null, "frame_rate": 16, "format": "video/h264-mp4", "{{{input}}}": {{{value}}}}}"""
        );

        AssertRefused(workflow, Request with { Frames = 49 }, expected);
    }

    [Fact]
    public void AWorkflowThatOnlyShowsItsClip_IsRefusedBeforeItRuns() =>
        AssertRefused(
            Workflows.TextToVideo.Replace("SaveVideo", "PreviewAny", StringComparison.Ordinal),
            Request,
            "node 50 (PreviewAny) saves no clip, and no other node does: add SaveVideo"
        );

    [Fact]
    public void ASizeThatIsTheClips_GoesWithIt()
    {
        const string Scale = """
            {"49": {"images": ["60", 0]}, "60": {"class_type": "ImageScale", "inputs": {"width": 832, "height": 480, "image": ["8", 0]}}}
            """;

        var nodes = Fill(Workflows.Edit(Workflows.TextToVideo, Scale), Request with { Width = 480, Height = 832 });

        Assert.Equal((480, 832), (Int(nodes, "60", "width"), Int(nodes, "60", "height")));
    }

    /// <summary>A node that frees memory on the model's way, and a switch, do not hide the text of the attention.</summary>
    [Theory]
    [InlineData("""{"class_type": "easy cleanGpuUsed", "inputs": {"anything": ["71", 0]}}""")]
    [InlineData("""{"class_type": "Any Switch (rgthree)", "inputs": {"any_01": ["71", 0], "any_02": ["37", 0]}}""")]
    [InlineData("""{"class_type": "ComfySwitchNode", "inputs": {"switch": ["9", 0], "on_false": ["37", 0], "on_true": ["71", 0]}}""")]
    public void TheNegativeOfTheAttention_IsFoundBehindNodesThatHandTheModelOn(string node)
    {
        var workflow = Workflows.Edit(
            Workflows.TextToVideo,
            $$$$"""
            {"48": {"model": ["72", 0]}, "72": {{{{node}}}}, "70": {"class_type": "CLIPTextEncode", "inputs": {"text": "ugly",
              "clip": ["38", 0]}}, "71": {"class_type": "WanVideoNAG", "inputs": {"model": ["37", 0], "conditioning": ["70", 0],
                "nag_scale": 11, "input_type": "default"}}}
            """
        );

        var nodes = Fill(workflow, Request with { NegativePrompt = "blurry hands" });

        string? TextOf(string node) => nodes[node]!["inputs"]!["text"]!.GetValue<string>();

        Assert.Equal(("blurry hands", "blurry hands"), (TextOf("7"), TextOf("70")));
    }

    [Theory]
    [InlineData("a cat | a dog")]
    [InlineData("[1] a cat")]
    public void APromptThatTheWrapperParts_IsRefused(string prompt) =>
        AssertRefused(Workflows.Wrapper, Request with { Prompt = prompt }, "parts it into several prompts");
}
