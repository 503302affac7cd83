using WanSharp.Media.Clips;
using WanSharp.Media.Images;

namespace WanSharp.Jobs.Films;

/// <summary>Writes a frame as a picture that is read back to the bit.</summary>
internal static class PictureFile
{
    /// <summary>Writes a picture, whole or not at all.</summary>
    /// <param name="path">Where it goes; ends in <c>.png</c>.</param>
    /// <param name="image">The picture; its sides are even.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public static async Task WriteAsync(string path, RgbImage image, CancellationToken cancellationToken)
    {
        var format = new ClipFormat(image.Width, image.Height, Frames: 1, Fps: 1);
        var writer = VideoWriter.Create(ffmpeg: null, OutputTarget.Parse(path), format, settings: null);
        await using (writer.ConfigureAwait(false))
        {
            await writer.WriteAsync(image.Pixels, cancellationToken).ConfigureAwait(false);
            await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
