using WanSharp.Engine;
using WanSharp.Media.Clips;
using WanSharp.Media.Images;

namespace WanSharp.Cli.Terminal.Pictures;

/// <summary>Writes each preview to a file, which is whole at any time.</summary>
/// <param name="ffmpeg">The program that writes some kinds; null for none.</param>
/// <param name="target">The file.</param>
/// <param name="clip">The clip's measures: previews are enlarged to at least half of them.</param>
internal sealed class PreviewFile(string? ffmpeg, OutputTarget target, ClipFormat clip)
{
    public async ValueTask ShowAsync(PreviewFrames preview, CancellationToken cancellationToken)
    {
        var times = Math.Max(1, Math.Min(clip.Width / preview.Width, clip.Height / preview.Height) / 2);
        times += times * preview.Width % 2 + times * preview.Height % 2 > 0 ? times : 0; // sides are even
        var format = new ClipFormat(preview.Width * times, preview.Height * times, preview.Frames.Count, Math.Max(1, preview.Fps));
        await using var writer = VideoWriter.Create(ffmpeg, target, format, settings: null);
        foreach (var frame in preview.Frames)
        {
            var picture = Enlarged.Of(new RgbImage(preview.Width, preview.Height, frame), times);
            await writer.WriteAsync(picture.Pixels, cancellationToken);
        }

        await writer.CompleteAsync(cancellationToken);
    }
}
