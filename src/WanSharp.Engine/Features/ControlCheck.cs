using System.Collections.Concurrent;
using WanSharp.Engine.Planning;
using WanSharp.Models;
using WanSharp.Tensors;

namespace WanSharp.Engine.Features;

/// <summary>
/// Finds out before anything is computed whether what clips are made after can be read: the first frame of each file, and all of a clip
/// and its mask, of which one may be too short. Each part of a file is read once, as long as the file stays what it is.
/// </summary>
/// <remarks>Thread-safe.</remarks>
/// <param name="source">Reads the files.</param>
internal sealed class ControlCheck(ControlSource source)
{
    private readonly ConcurrentDictionary<(FileStamp File, double From, double? To, double Fps, int Most), int> _counts = [];

    /// <summary>Looks at the files of a clip.</summary>
    /// <exception cref="InvalidRequestException">One cannot be read, or a mask is shorter than what it is for.</exception>
    public async Task RequireAsync(GenerationPlan plan, CancellationToken cancellationToken)
    {
        if (plan.Control is not { } control)
        {
            return;
        }

        if (control.Camera is { } camera)
        {
            CameraPath.Of(camera, plan.Settings.Frames);
        }

        foreach (var picture in control.References)
        {
            await CountAsync(picture, plan, most: 0, cancellationToken).ConfigureAwait(false);
        }

        var (masks, most) = (1, 1);
        if (control.Mask is { } mask)
        {
            masks = await CountAsync(mask, plan, plan.Settings.Frames, cancellationToken).ConfigureAwait(false);
            most = masks > 1 ? plan.Settings.Frames : 1;
        }

        if (control.Video is { } video)
        {
            ControlSource.RequireAsLong(plan, masks, await CountAsync(video, plan, most, cancellationToken).ConfigureAwait(false));
        }
    }

    /// <summary>How many frames a file has, up to a number of them; 0 stands for a file that must be a picture.</summary>
    private async Task<int> CountAsync(ControlFile file, GenerationPlan plan, int most, CancellationToken cancellationToken)
    {
        var key = (file.Stamp, file.Part.From, file.Part.To, (double)plan.Settings.ModelFps, most);
        if (_counts.TryGetValue(key, out var known))
        {
            return known;
        }

        var count = 0;
        if (most == 0)
        {
            await source.ReadPictureAsync(file, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await source.ReadAsync(file, plan, _ => ++count < most, cancellationToken).ConfigureAwait(false);
        }

        return _counts[key] = count;
    }
}
