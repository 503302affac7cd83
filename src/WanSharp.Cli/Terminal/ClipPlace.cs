using WanSharp.Media;
using WanSharp.Media.Clips;
using WanSharp.Media.Metadata;
using WanSharp.Tensors;

namespace WanSharp.Cli.Terminal;

/// <summary>Where a clip goes.</summary>
internal sealed class ClipPlace(CliEnvironment environment)
{
    /// <summary>The place that a user wrote.</summary>
    /// <exception cref="InvalidRequestException">It names no format.</exception>
    public static OutputTarget Parse(string path) =>
        OutputTarget.TryParse(path, out var target, out var error) ? target : throw new InvalidRequestException("output", error);

    /// <summary>Where the clip goes. Without ffmpeg a name is taken that nobody gave: an existing file must be a clip of ours.</summary>
    public async Task<OutputTarget> FindAsync(string? ffmpeg, OutputTarget asked, CancellationToken cancellationToken)
    {
        var target = WithoutFfmpeg.TargetFor(ffmpeg, asked);
        if (target == asked)
        {
            return target;
        }

        environment.Error.WriteLine(
            PlainText.OneLine(WithoutFfmpeg.Notice(Path.GetExtension(asked.Name), $"the clip is written as {target.Name}"))
        );
        return !File.Exists(target.FullPath) || await MetadataReader.ReadAsync(ffmpeg, target.FullPath, cancellationToken) is not null
            ? target
            : throw new MediaException(
                $"{target.FullPath} already exists and was not made by WanSharp: move it, or name another output that ends in .webp."
            );
    }
}
