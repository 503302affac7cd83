using WanSharp.Engine.Denoising;
using WanSharp.Tensors;

namespace WanSharp.Engine.Tests.Denoising;

public class CleanFramesTests
{
    [Fact]
    public void PutInto_ReplacesTheGivenFramesOfEveryChannel()
    {
        // [1, channels, frames, height, width]
        using var latents = Tensor.CopyOf<float>([1, 2, 3, 1, 2], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
        using var clean = new CleanFrames(
            new Dictionary<int, Tensor>
            {
                [0] = Tensor.CopyOf<float>([2, 1, 2], [-1, -2, -3, -4]), // [channels, height, width]
                [2] = Tensor.CopyOf<float>([2, 1, 2], [-5, -6, -7, -8]),
            }
        );

        clean.PutInto(latents);

        Assert.Equal([-1, -2, 2, 3, -5, -6, -3, -4, 8, 9, -7, -8], latents.Read<float>());
    }

    [Fact]
    public void FillTimesteps_IsZeroForTheGivenFramesAlone()
    {
        using var clean = new CleanFrames(new Dictionary<int, Tensor> { [1] = Tensor.Zeros(DType.F32, [1, 1, 1]) });
        var timesteps = new float[3];

        clean.FillTimesteps(875, timesteps);

        Assert.True(clean.Any);
        Assert.Equal([875, 0, 875], timesteps);
    }

    [Fact]
    public void None_ChangesNothing()
    {
        using var latents = Tensor.CopyOf<float>([1, 1, 1, 1, 2], [1, 2]);

        CleanFrames.None.PutInto(latents);

        Assert.False(CleanFrames.None.Any);
        Assert.Equal([1, 2], latents.Read<float>());
    }
}
