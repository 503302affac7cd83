using WanSharp.Models.Layout;
using WanSharp.Testing;

namespace WanSharp.Models.Tests.Layout;

/// <summary>Which expert a LoRA says that it is for: names of published ones, and others of their kinds.</summary>
public sealed class LoraNoiseTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("high_noise_model.safetensors", "high")]
    [InlineData("Wan2.2-Lightning_T2V-v1.1-A14B-4steps-lora_HIGH_fp16.safetensors", "high")]
    [InlineData("wan2.2_t2v_lightx2v_4steps_lora_v1.1_low_noise.safetensors", "low")]
    [InlineData("DR34_I2V_14B_LOW.safetensors", "low")]
    [InlineData("wan22-face-140epoc-high-e20.safetensors", "high")]
    [InlineData("Instagirlv2.0_hinoise.safetensors", "high")]
    [InlineData("Wan2.2-I2V-Combo-HIGH-v1_rank64.safetensors", "high")]
    [InlineData("wan22_style_LN.safetensors", "low")]
    [InlineData("high_noise/style.safetensors", "high")]
    [InlineData("wan22_high_motion.safetensors", null)]
    [InlineData("wan22_low_vram.safetensors", null)]
    [InlineData("high_heels_wan2.2_v1.safetensors", null)]
    [InlineData("wan22_low_light.safetensors", null)]
    [InlineData("wan22_low_ride_cars.safetensors", null)]
    [InlineData("wan22_High_Kick_v2.safetensors", null)]
    [InlineData("wan22_dress_L.safetensors", null)]
    [InlineData("wan22_H.safetensors", null)]
    public void Of_ALoraAlone_IsWhatItsNameSaysOfNoise(string path, string? noise) => Assert.Equal(noise, LoraNoise.Of(Write(path)));

    [Theory]
    [InlineData("high_lenovo.safetensors", "low_lenovo.safetensors", "high")]
    [InlineData("Wan22_LOW_Portrait_rank128.safetensors", "Wan22_HIGH_Portrait_rank128.safetensors", "low")]
    [InlineData("wan22_real_H.safetensors", "wan22_real_L.safetensors", "high")]
    [InlineData("wan22_low_motion.safetensors", "wan22_high_motion.safetensors", null)]
    [InlineData("wan22_low_vram.safetensors", "wan22_high_vram.safetensors", null)]
    [InlineData("high_heels.safetensors", "low_heeled_boots.safetensors", null)]
    public void Of_ALoraNextToAnother_CountsTheOneThatDiffersInThatAlone(string path, string other, string? noise)
    {
        Write(other);
        Assert.Equal(noise, LoraNoise.Of(Write(path)));
    }

    private string Write(string name)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[name])!);
        File.WriteAllText(_folder[name], "");
        return _folder[name];
    }
}
