using WanSharp.Tensors;

namespace WanSharp.Engine.Denoising;

/// <summary>
/// Latent frames that are given instead of denoised. They enter every step clean, at timestep 0, and are put back after
/// it, as in Wan 2.2's TI2V (Wan-Video/Wan2.2:wan/textimage2video.py, i2v: mask2).
/// </summary>
/// <param name="frames">For each given latent frame its latents, <c>[channels, height, width]</c>; disposed with this.</param>
internal sealed class CleanFrames(IReadOnlyDictionary<int, Tensor> frames) : IDisposable
{
    public static CleanFrames None { get; } = new(new Dictionary<int, Tensor>());

    /// <summary>For each given latent frame its latents, <c>[channels, height, width]</c>.</summary>
    public IReadOnlyDictionary<int, Tensor> Latents => frames;

    public bool Any => frames.Count > 0;

    /// <summary>The timestep of each latent frame: that of the step, 0 where the frame is given.</summary>
    public void FillTimesteps(float timestep, Span<float> perFrame)
    {
        perFrame.Fill(timestep);
        foreach (var frame in frames.Keys)
        {
            perFrame[frame] = 0;
        }
    }

    /// <summary>Writes the given frames into latents <c>[1, channels, frames, height, width]</c>.</summary>
    public void PutInto(Tensor latents)
    {
        var (channels, frameCount) = ((int)latents.Shape[1], (int)latents.Shape[2]);
        var area = checked((int)(latents.Shape[3] * latents.Shape[4]));
        var values = latents.Write<float>();
        foreach (var (frame, clean) in frames)
        {
            for (var channel = 0; channel < channels; channel++)
            {
                clean.Read<float>().Slice(channel * area, area).CopyTo(values.Slice(((channel * frameCount) + frame) * area, area));
            }
        }
    }

    public void Dispose()
    {
        foreach (var latents in frames.Values)
        {
            latents.Dispose();
        }
    }
}
