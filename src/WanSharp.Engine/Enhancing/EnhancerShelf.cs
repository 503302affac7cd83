using WanSharp.Engine.Requests;
using WanSharp.Models;
using WanSharp.Models.Enhancers;
using WanSharp.Models.Hub;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Engine.Enhancing;

/// <summary>The files that clips name to make more of their frames, each opened once.</summary>
/// <remarks>Thread-safe.</remarks>
/// <param name="folders">Folders to look for names in, the first one preferred.</param>
/// <param name="hub">Finds what is in none of them among what was pulled; null to leave that out.</param>
/// <param name="digests">Knows digests of files.</param>
/// <param name="ffmpeg">Finds ffmpeg; null where nobody is going to need it.</param>
internal sealed class EnhancerShelf(IReadOnlyList<string> folders, HubModels? hub, FileDigests digests, Func<string?>? ffmpeg = null)
    : IDisposable
{
    /// <summary>Where tools keep them: ComfyUI's models/upscale_models, and next to other files.</summary>
    internal static IReadOnlyList<string> UpscalerPlaces { get; } = ["", "upscale_models", "upscalers"];

    private static readonly string[] InterpolatorPlaces = ["", "interpolation", "rife"];

    private readonly NetworkShelf<EnhancerFile> _files = new(path => EnhancerFile.Open(path, digests));
    private readonly NetworkLocator _upscalers = new("an upscaler", UpscalerPlaces, folders, hub);
    private readonly NetworkLocator _interpolators = new("an interpolator", InterpolatorPlaces, folders, hub);

    /// <summary>The file that a clip names to enlarge its frames; null where it names none.</summary>
    /// <param name="field">The setting that names it, for messages.</param>
    /// <param name="nameOrPath">What it is called.</param>
    /// <exception cref="InvalidRequestException">There is no such file, or it does something else.</exception>
    public EnhancerFile? FindUpscaler(string field, string? nameOrPath)
    {
        if (nameOrPath is null)
        {
            return null;
        }

        if (nameOrPath.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidRequestException(
                field,
                $"{nameOrPath}: ONNX files enlarge clips that are there: leave it out, and give the clip to wan enhance with it."
            );
        }

        var file = _files.Find(field, _upscalers, nameOrPath);
        return file.Upscaler is not null
            ? file
            : throw new InvalidRequestException(field, $"{file.Path}: it makes frames between frames: name it with --interpolate.");
    }

    /// <summary>The file that a clip names to make frames between its own; null for ffmpeg.</summary>
    /// <param name="field">The setting that names it, for messages.</param>
    /// <param name="nameOrPath">What it is called.</param>
    /// <exception cref="InvalidRequestException">There is no such file, or it does something else.</exception>
    public EnhancerFile? FindInterpolator(string field, string nameOrPath)
    {
        if (nameOrPath == UsedInterpolation.Ffmpeg)
        {
            return ffmpeg is null || ffmpeg() is not null
                ? null
                : throw new InvalidRequestException(
                    field,
                    "ffmpeg is not there: install it (wan providers install ffmpeg brings one), or name a network of RIFE's."
                );
        }

        var file = _files.Find(field, _interpolators, nameOrPath);
        return file.Interpolator is not null
            ? file
            : throw new InvalidRequestException(field, $"{file.Path}: it enlarges frames: name it with --upscale.");
    }

    /// <inheritdoc/>
    public void Dispose() => _files.Dispose();
}
