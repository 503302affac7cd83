using WanSharp.Tensors;

namespace WanSharp.Tools.Selftest;

/// <summary>Pictures that fixtures hold as values of 0 to 255.</summary>
internal static class FixturePictures
{
    /// <summary>A frame of [3, frames, height, width] as [height, width, 3].</summary>
    public static byte[] Bytes(Tensor video, int frame)
    {
        var (frames, area) = ((int)video.Shape[1], (int)(video.Shape[2] * video.Shape[3]));
        var values = video.Read<float>();
        var picture = new byte[3 * area];
        for (var i = 0; i < picture.Length; i++)
        {
            picture[i] = (byte)values[(((i % 3 * frames) + frame) * area) + (i / 3)];
        }

        return picture;
    }
}
