using WanSharp.Jobs.Comfy;
using WanSharp.Testing.Comfy;
using static WanSharp.Jobs.Tests.Comfy.WorkflowFilling;

namespace WanSharp.Jobs.Tests.Comfy;

/// <summary>Workflows that do more than make one clip from one text: what is set in them is what makes the clip.</summary>
public sealed class WorkflowShapeTests
{
    private static readonly JobRequest Request = new() { Prompt = "a fox" };

    [Fact]
    public void TextsThatPassThroughNodes_AreFound()
    {
        var nodes = Fill(
            Workflows.Edit(
                Workflows.TextToVideo,
                """
                {"6": {"text": ["60", 0]}, "60": {"class_type": "ShowText|pysssss", "inputs": {"text": ["61", 0], "text_0": "old"}},
                  "61": {"class_type": "CR Text", "inputs": {"text": "old"}}}
                """
            ),
            Request
        );
        Assert.Equal("a fox", nodes["61"]!["inputs"]!["text"]!.GetValue<string>());
    }

    /// <summary>A control of the old length would be filled up with gray, and a picture of the old size be cropped twice.</summary>
    [Theory]
    [InlineData(33, 832, 121, 480, 640)]
    [InlineData(20, 832, 20, 480, 640)] // its own length
    [InlineData(33, 512, 121, 512, 480)] // its own size
    public void WhatHasTheClipsFramesOrSize_GetsTheNewOnes(int frames, int width, int framesAfter, int widthAfter, int heightAfter)
    {
        var workflow = Workflows.Edit(
            Workflows.TextToVideo,
            $$$"""
            {"40": {"control_video": ["60", 0]},
             "60": {"class_type": "WanVideoVACEStartToEndFrame", "inputs": {"num_frames": {{{frames}}}, "start_image": ["61", 0]} },
             "61": {"class_type": "ImageScale", "inputs": {"width": {{{width}}}, "height": 480, "image": ["62", 0]} },
             "62": {"class_type": "LoadImage", "inputs": {"image": "a.png"} } }
            """
        );
        var nodes = Fill(workflow, Request with { Frames = 121, Width = 480, Height = 640 });
        Assert.Equal((121, framesAfter), (Int(nodes, "40", "length"), Int(nodes, "60", "num_frames")));
        Assert.Equal((widthAfter, heightAfter), (Int(nodes, "61", "width"), Int(nodes, "61", "height")));
    }

    [Fact]
    public void ASamplerThatDrawsTheFirstFrame_IsNotSetSilently()
    {
        var workflow = Workflows.Edit(
            Workflows.TwoExperts,
            """
            {"20": {"start_image": ["60", 0]}, "60": {"class_type": "VAEDecode", "inputs": {"samples": ["61", 0]}},
             "61": {"class_type": "KSampler", "inputs": {"seed": 1, "steps": 8, "cfg": 1, "sampler_name": "euler", "scheduler": "simple",
               "denoise": 1, "positive": ["62", 0], "negative": ["62", 0], "latent_image": ["63", 0]}},
             "62": {"class_type": "CLIPTextEncode", "inputs": {"text": "a still", "clip": ["3", 0]}},
               "63": {"class_type": "EmptySD3LatentImage", "inputs": {"width": 640, "height": 640, "batch_size": 1}}}
            """
        );
        AssertRefused(workflow, Request with { Steps = 8 }, "node 61 (KSampler) makes something");
        var nodes = Fill(workflow, Request with { Steps = 8 }, """{"prompt": "10.text", "steps": ["30.steps", "31.steps"]}""");
        Assert.Equal((8, 8, 4), (Int(nodes, "61", "steps"), Int(nodes, "30", "steps"), Int(nodes, "31", "start_at_step")));
    }

    [Fact]
    public void ASecondPassOverTheDecodedClip_IsSetToo()
    {
        var workflow = Workflows.Edit(
            Workflows.TextToVideo,
            """
            {"8": {"samples": ["62", 0]}, "60": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0]}},
              "61": {"class_type": "VAEEncode", "inputs": {"pixels": ["60", 0]}},
             "62": {"class_type": "KSampler", "inputs": {"seed": 82, "steps": 4, "cfg": 6, "sampler_name": "uni_pc", "scheduler": "simple",
               "denoise": 0.3, "model": ["48", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["61", 0]}}}
            """
        );
        var nodes = Fill(workflow, Request with { Steps = 8, Seed = 5 });
        Assert.Equal(
            (8, 8, 5, 5),
            (Int(nodes, "3", "steps"), Int(nodes, "62", "steps"), Int(nodes, "3", "seed"), Int(nodes, "62", "seed"))
        );
        AssertRefused(workflow, Request with { HighNoiseGuidanceScale = 3 }, "share the steps");
    }

    /// <summary>Upscalers in tiles and detailers sample as well.</summary>
    [Fact]
    public void ANodeThatSamplesUnderAnotherName_IsSetTooOrRefused()
    {
        var workflow = Workflows.Edit(
            Workflows.TextToVideo,
            """
            {"49": {"images": ["60", 0]}, "60": {"class_type": "UltimateSDUpscale", "inputs": {
               "image": ["8", 0], "model": ["48", 0], "positive": ["6", 0],
               "negative": ["7", 0], "upscale_by": 2, "seed": 82, "steps": 4, "cfg": 6, "sampler_name": "uni_pc", "scheduler": "simple",
               "denoise": 0.2, "tile_width": 512}}}
            """
        );
        var nodes = Fill(workflow, Request with { Steps = 8, Seed = 5, GuidanceScale = 3 });

        Assert.Equal((8, 5, 3), (Int(nodes, "60", "steps"), Int(nodes, "60", "seed"), Int(nodes, "60", "cfg")));
        Assert.Equal((8, 5, 3), (Int(nodes, "3", "steps"), Int(nodes, "3", "seed"), Int(nodes, "3", "cfg")));
        var other = Workflows.Edit(workflow, """{"60": {"steps": 12}}""");
        AssertRefused(other, Request with { Steps = 8 }, "node 60 (UltimateSDUpscale)");
    }

    [Fact]
    public void OneSamplerForBothExperts_TakesBothScales()
    {
        var workflow = Workflows.Edit(
            Workflows.TextToVideo,
            """
            {"3": null, "60": {"class_type": "WanMoeKSampler", "inputs": {"model_high_noise": ["37", 0], "model_low_noise": ["37", 0],
              "boundary": 0.875, "seed": 1, "steps": 20, "cfg_high_noise": 4, "cfg_low_noise": 3, "sampler_name": "euler",
                "scheduler": "simple", "sigma_shift": 8, "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["40", 0]}},
             "8": {"samples": ["60", 0]}}
            """.Replace("\"3\": null, ", "", StringComparison.Ordinal)
        );
        var nodes = Fill(workflow, Request with { GuidanceScale = 5, HighNoiseGuidanceScale = 6, Shift = 3, Steps = 9 });
        Assert.Equal(
            (6, 5, 3, 9),
            (
                Int(nodes, "60", "cfg_high_noise"),
                Int(nodes, "60", "cfg_low_noise"),
                Int(nodes, "60", "sigma_shift"),
                Int(nodes, "60", "steps")
            )
        );
    }

    [Fact]
    public void TwoNodesThatSaveDifferentClips_MustBeChosenFrom()
    {
        var workflow = Workflows.Edit(
            Workflows.TextToVideo,
            """
            {"60": {"class_type": "RIFE VFI", "inputs": {"multiplier": 2, "frames": ["8", 0]}}, "61": {"class_type": "VHS_VideoCombine",
              "inputs": {"frame_rate": 32, "format": "video/h264-mp4", "save_output": true, "images": ["60", 0]}}}
            """
        );
        AssertRefused(workflow, Request, "node 50 (SaveVideo) and node 61 (VHS_VideoCombine) save different clips");
        Fill(workflow, Request with { Fps = 8 }, """{"output": "50"}""");
        var preview = Workflows.Edit(workflow, """{"61": {"save_output": false}}""");
        Assert.Equal("50", ComfyMapping.Guess(Workflows.Parse(preview)).Output);
    }
}
