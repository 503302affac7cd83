using WanSharp.Models.Layout;

namespace WanSharp.Models.Tests.Layout;

/// <summary>Names of published files, and others of their kinds.</summary>
public sealed class ExpertNamesTests
{
    [Theory]
    [InlineData("wan2.2_t2v_high_noise_14B_fp8_scaled.safetensors", "high")]
    [InlineData("HighNoise/Wan2.2-T2V-A14B-HighNoise-Q4_K_M.gguf", "high")]
    [InlineData("LowNoise/Wan2.2-T2V-A14B-LowNoise-Q4_K_M.gguf", "low")]
    [InlineData("Wan2_2-T2V-A14B_HIGH_fp8_e4m3fn_scaled.safetensors", "high")]
    [InlineData("Wan2_2-T2V-A14B-LOW_fp8_e4m3fn_scaled.safetensors", "low")]
    [InlineData("smoothMixWan22I2VT2V_i2vHigh.safetensors", "high")]
    [InlineData("wan22-i2v-14Blow.safetensors", "low")]
    [InlineData("A14BLow.safetensors", "low")]
    [InlineData("WANHigh.safetensors", "high")]
    [InlineData("wan2.2 i2v high noise 14B.safetensors", "high")]
    [InlineData("i2v-high.noise.safetensors", "high")]
    [InlineData("HIGHNOISE.safetensors", "high")]
    [InlineData("lownoise-flow.safetensors", "low")]
    [InlineData("wan2.2_HighNoise-flow.safetensors", "high")]
    [InlineData("high_noise_model/diffusion_pytorch_model.safetensors", "high")]
    [InlineData("low_noise_model/diffusion_pytorch_model-00001-of-00006.safetensors", "low")]
    [InlineData("high/low_noise/model.safetensors", "low")]
    [InlineData("LOW/model.safetensors", "low")]
    [InlineData("Wan2.2-T2V-HIGH/fp8/model.safetensors", "high")]
    [InlineData("transformer_2/diffusion_pytorch_model.safetensors", "low")]
    [InlineData("low_noise_high_quality.safetensors", "low")]
    [InlineData("wanhighnoise_fp8.safetensors", "high")]
    [InlineData("mymodelhighnoiseQ8.gguf", "high")]
    [InlineData("wanlownoise.safetensors", "low")]
    [InlineData("wan22_hi_noise.safetensors", "high")]
    [InlineData("wan22-LoNoise.safetensors", "low")]
    [InlineData("wan22_H-noise_fp8.safetensors", "high")]
    [InlineData("noise_low/t2v.safetensors", "low")]
    [InlineData("Wan2.2-文生视频-高噪.safetensors", "high")]
    [InlineData("低噪模型/wan.safetensors", "low")]
    [InlineData("wan22-高.safetensors", "high")]
    [InlineData("wan22_t2v_HN.safetensors", "high")]
    [InlineData("t2v_14B_LN_fp8.safetensors", "low")]
    [InlineData("wan22T2VHNQ8.gguf", "high")]
    [InlineData("wan2.2-t2v-H.safetensors", "high")]
    [InlineData("Wan2.2/t2v_l_fp8.safetensors", "low")]
    [InlineData("wan22EnhancedCfQ8L.gguf", "low")]
    [InlineData("wan22T2vL_v2.safetensors", "low")]
    [InlineData("wan22/HN/model.safetensors", "high")]
    [InlineData("WAN22_T2V_HIGHV2.safetensors", "high")]
    [InlineData("wan22T2VRemix_t2vLOWFP8.safetensors", "low")]
    [InlineData("mymix_t2v_highv2.safetensors", "high")]
    [InlineData("wan22_t2v_lowq4km.gguf", "low")]
    [InlineData("wan22_t2v_highe4m3fn.safetensors", "high")]
    [InlineData("wan22_t2v_low-step00000500.safetensors", "low")]
    [InlineData("wan2.2_t2v_A14B_HIGH_rank64_merged.safetensors", "high")]
    [InlineData("Wan22_T2V_Hi_fp8.safetensors", "high")]
    [InlineData("wan22Lo.safetensors", "low")]
    [InlineData("wan22_t2v_hi-res.safetensors", null)]
    [InlineData("wan22_t2v_low_steps.safetensors", null)]
    [InlineData("t2v_14B_hi.safetensors", null)]
    [InlineData("t2v_14B_H.safetensors", null)]
    [InlineData("wan2.2_t2v_14B-Q3_K_L.gguf", null)]
    [InlineData("wan2.1_t2v_14B_H.safetensors", null)]
    [InlineData("wan-flow-noise.safetensors", null)]
    [InlineData("flownoise.safetensors", null)]
    [InlineData("wan-高清.safetensors", null)]
    [InlineData("wan2.1_t2v_14B_flow.safetensors", null)]
    [InlineData("slow-glow-follow-below-shallow.safetensors", null)]
    [InlineData("higher.safetensors", null)]
    [InlineData("wan2.1_t2v_14B_high_quality.safetensors", null)]
    [InlineData("wan-t2v-lowVRAM.safetensors", null)]
    [InlineData("wan2.1_t2v_high.safetensors", null)]
    [InlineData("wan2.2_high_low_merged.safetensors", null)]
    [InlineData("high-speed-disk/wan/model.safetensors", null)]
    [InlineData("transformer/diffusion_pytorch_model.safetensors", null)]
    [InlineData("high_noise/a/b/c/model.safetensors", "high")]
    [InlineData("Wan2.2-T2V-LOW/a/b/c/model.safetensors", "low")]
    [InlineData("high/a/b/c/model.safetensors", null)]
    public void NoiseOf_APath_IsWhatItSaysInAnySpelling(string path, string? noise) =>
        Assert.Equal(noise, ExpertNames.NoiseOf($"/models/{path}"));

    [Theory]
    [InlineData("HighNoise/Wan2.2-HighNoise-Q8_0.gguf", "LowNoise/Wan2.2-LowNoise-Q8_0.gguf", 0)]
    [InlineData("wan_HIGH_fp8.safetensors", "wan-low-fp8.safetensors", 0)]
    [InlineData("transformer/a-00001-of-00003.safetensors", "transformer_2/a-00001-of-00004.safetensors", 0)]
    [InlineData("a/wan_high.safetensors", "b/wan_low.safetensors", 1)]
    [InlineData("wan_high_noise_Q4_K_M.gguf", "wan_low_noise_fp8_e4m3fn_scaled.safetensors", 2)]
    [InlineData("wan_high_noise_lightx2v_4step_1030.safetensors", "wan_low_noise_lightx2v_4step.safetensors", 3)]
    [InlineData("wan_high_v1.1_fp8.safetensors", "wan_low_v2_Q8_0.gguf", 3)]
    [InlineData("wan_high.safetensors", "smoothmix_low.safetensors", ExpertNames.Unlike)]
    public void Difference_OfAPair_GrowsWithWhatDiffers(string high, string low, int difference)
    {
        Assert.Equal(difference, ExpertNames.Difference($"/models/{high}", $"/models/{low}"));
        Assert.Equal(difference, ExpertNames.Difference($"/models/{low}", $"/models/{high}"));
    }

    [Theory]
    [InlineData("HighNoise/Wan-HighNoise-Q8_0.gguf", "LowNoise/Wan-LowNoise-Q8_0.gguf")]
    [InlineData("high-speed/Wan_HIGH_x.gguf", "high-speed/Wan_LOW_x.gguf")]
    [InlineData("transformer_2/model.safetensors", "transformer/model.safetensors")]
    [InlineData("Wan高噪.gguf", "Wan低噪.gguf")]
    [InlineData("wan_hi_noise.gguf", "wan_lo_noise.gguf")]
    [InlineData("wan_LNoise.gguf", "wan_HNoise.gguf")]
    [InlineData("Low/model.safetensors", "High/model.safetensors")]
    [InlineData("wan/model.safetensors", null)]
    public void Swapped_OfAPath_IsItsPartnersIfNothingElseDiffers(string path, string? partner) =>
        Assert.Equal(partner is null ? null : Path.GetFullPath($"/models/{partner}"), ExpertNames.Swapped($"/models/{path}"));

    [Theory]
    [InlineData("t2v_14B_H.safetensors", "high")]
    [InlineData("my-finetune-L-v3.safetensors", "low")]
    [InlineData("h/model.safetensors", "high")]
    [InlineData("wan2.1_t2v_14B_H.safetensors", null)]
    [InlineData("t2v_14B-Q3_K_L.gguf", null)]
    [InlineData("t2v_H_L.safetensors", null)]
    [InlineData("mymix_t2v_lo.safetensors", "low")]
    [InlineData("mymix_t2v_hi-res.safetensors", null)]
    [InlineData("t2v_XL_hq_lx2v.safetensors", null)]
    public void PossibleNoiseOf_ALetter_IsWhatItMayMean(string path, string? noise) =>
        Assert.Equal(noise, ExpertLetters.PossibleNoiseOf($"/models/{path}"));

    [Theory]
    [InlineData("nsfwhigh.safetensors", "nsfwlow.safetensors", true)]
    [InlineData("a/nsfwHIGHmix.safetensors", "b/nsfw-low-mix.safetensors", true)]
    [InlineData("flow_fasthigh.safetensors", "flow_fastlow.safetensors", true)]
    [InlineData("wan22_high_motion_v2.safetensors", "wan22_low_motion_v2.safetensors", true)]
    [InlineData("mymix_high_motion.safetensors", "mymix_low_motion.safetensors", false)]
    [InlineData("wan22_high_vram.safetensors", "wan22_low_vram.safetensors", false)]
    [InlineData("wan2.1_fasthigh.safetensors", "wan2.1_fastlow.safetensors", false)]
    [InlineData("nsfwlow.safetensors", "nsfwhigh.safetensors", false)]
    [InlineData("nsfwhigh.safetensors", "other_nsfwlow.safetensors", false)]
    public void AreTwins_OfTwoNames_IsWhetherTheyDifferInHighAndLowOfNoise(string high, string low, bool are) =>
        Assert.Equal(are, ExpertTwins.AreTwins($"/models/{high}", $"/models/{low}"));

    [Theory]
    [InlineData("mymix_high_motion.safetensors", "mymix_low_motion.safetensors", true)]
    [InlineData("mymix_low_vram.safetensors", "mymix_high_vram.safetensors", true)]
    [InlineData("t2v-14b-stage1.safetensors", "t2v-14b-stage2.safetensors", true)]
    [InlineData("t2v_start_fp8.safetensors", "t2v_end_fp8.safetensors", true)]
    [InlineData("expert_1/model.safetensors", "expert_2/model.safetensors", true)]
    [InlineData("wan22_t2v_a.safetensors", "wan22_t2v_b.safetensors", true)]
    [InlineData("wan22_t2v_v1.safetensors", "wan22_t2v_v2.safetensors", false)]
    [InlineData("wan22_t2v_fp16.safetensors", "wan22_t2v_fp8.safetensors", false)]
    [InlineData("mymix_t2v_a.safetensors", "mymix_t2v_b.safetensors", false)]
    [InlineData("mymix-step500.safetensors", "mymix-step1000.safetensors", false)]
    [InlineData("wan2.1_t2v_stage1.safetensors", "wan2.1_t2v_stage2.safetensors", false)]
    [InlineData("stage1_a.safetensors", "stage2_b.safetensors", false)]
    public void MayBeTwins_OfTwoNames_IsWhetherTheyDifferInAWordForFirstAndSecond(string one, string other, bool may) =>
        Assert.Equal(may, ExpertTwins.MayBeTwins($"/models/{one}", $"/models/{other}"));

    [Theory]
    [InlineData("Wan2.2 T2V A14B HighNoise", "high")]
    [InlineData("Wan2.2-T2V-low_noise", "low")]
    [InlineData("a high dynamic model", null)]
    public void NoiseOfTitle_SaysItOnlyOfNoise(string title, string? noise) => Assert.Equal(noise, ExpertNames.NoiseOfTitle(title));

    [Theory]
    [InlineData("wan2.2_t2v_14B.safetensors", true)]
    [InlineData("Wan2_2-T2V.safetensors", true)]
    [InlineData("wan22_t2v.safetensors", true)]
    [InlineData("Wan2___2-T2V/model.safetensors", true)] // ModelScope's cache
    [InlineData("Wan2.2-T2V-A14B/model.safetensors", true)]
    [InlineData("t2v-A14B.safetensors", true)]
    [InlineData("Wan2.2/video/t2v/14b/model.safetensors", true)]
    [InlineData("wan2.1_t2v_14B.safetensors", false)]
    [InlineData("wan2.2/wan2.1_t2v_14B.safetensors", false)]
    [InlineData("wan2.2/Wan2.1/a/model.safetensors", false)]
    [InlineData("wan_t2v_14B.safetensors", false)]
    public void SaysWan22_OfAPath_IsItsVersion(string path, bool says) => Assert.Equal(says, ExpertNames.SaysWan22($"/models/{path}"));

    [Theory]
    [InlineData("wan2.2-i2v-rapid-aio-v10-Q4_K.gguf", true)]
    [InlineData("Wan22_I2VAIO.safetensors", true)]
    [InlineData("wan22_All-In-One.safetensors", true)]
    [InlineData("wan2.2_i2v_merged_fp8.safetensors", true)]
    [InlineData("wan2.2_high_low.safetensors", true)]
    [InlineData("wan2.2_i2v_emerge.safetensors", false)]
    [InlineData("wan2.2_i2v_14B.safetensors", false)]
    public void SaysMerged_OfAName_IsWhetherBothExpertsAreInIt(string name, bool says) =>
        Assert.Equal(says, ExpertNames.SaysMerged($"/models/{name}"));
}
