using WanSharp.Engine.Requests;
using WanSharp.Engine.Sampling;
using WanSharp.Graphs.Networks;
using WanSharp.Models;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Engine.Planning;

/// <summary>What a clip of a model that follows a control or a camera is made after; nothing is read yet.</summary>
internal sealed record ControlPlan
{
    private const int MostReferences = 8;
    private const int FewestPixels = 16; // on a side of what an outpainted clip shows

    /// <summary>The clip that is followed or filled in; null for none.</summary>
    public ControlFile? Video { get; init; }

    /// <summary>What of it is made anew: where this is white; null for all, or for nothing where <see cref="Keeps"/>.</summary>
    public ControlFile? Mask { get; init; }

    /// <summary>Whether all of the video is kept.</summary>
    public bool Keeps { get; init; }

    /// <summary>Pictures of what the clip shows: each is a latent frame in front of the clip's.</summary>
    public IReadOnlyList<ControlFile> References { get; init; } = [];

    /// <summary>What of the video is followed where it is made anew: its edges, its brightness; null for all that it shows.</summary>
    public string? Source { get; init; }

    /// <summary>Whether nothing is followed where it is made anew.</summary>
    public bool IsHidden { get; init; }

    /// <summary>How strongly it is followed.</summary>
    public double Strength { get; init; } = 1;

    /// <summary>Where in the frame the video is.</summary>
    public FrameRect Place { get; init; }

    /// <summary>How the camera moves; null where it is not said.</summary>
    public CameraPlan? Camera { get; init; }

    /// <summary>Whether the model is one of VideoX-Fun's.</summary>
    public bool IsFun { get; init; }

    /// <summary>Latent frames in front of the clip's: one for each reference, and in some models one whether there is one or not.</summary>
    public required int ReferenceFrames { get; init; }

    /// <summary>Whether frames are encoded for it, other than images that are given: VACE is shown grey where there are none.</summary>
    public bool Encodes => !IsFun || Video is not null || References.Count > 0;

    /// <summary>All files.</summary>
    public IEnumerable<ControlFile> Files => new[] { Video, Mask, Camera?.File }.OfType<ControlFile>().Concat(References);

    /// <summary>What a request asks for; null for a model that follows no control.</summary>
    /// <param name="request">The request.</param>
    /// <param name="model">The model.</param>
    /// <param name="width">The clip's pixels across.</param>
    /// <param name="height">The clip's pixels down.</param>
    /// <param name="folders">Folders to look for the names of files in.</param>
    /// <param name="require">Whether what the model cannot do without must be there.</param>
    /// <exception cref="InvalidRequestException">The model follows none, a file is not there, or settings contradict each
    /// other.</exception>
    public static ControlPlan? Of(ClipSettings request, WanModel model, int width, int height, IReadOnlyList<string> folders, bool require)
    {
        if (model.Transformer.ModelType == ModelType.Fun)
        {
            return FunControl.Of(request, model, new FrameRect(0, 0, width, height), folders, require);
        }

        RefuseForeign(request, model);
        if (!model.TakesControl)
        {
            return null;
        }

        if (request.Control is null)
        {
            foreach (var (field, value) in new[] { ("mask", request.Mask), ("control-from", request.ControlFrom) })
            {
                RequireNone(field, value);
            }

            RequireNone("outpaint", request.Outpaint);
        }

        var keeps = request.Mask == ControlFields.Keep || request is { Mask: null, Outpaint: not null };
        RequireUse(request, keeps);

        var references = request.References?.Split(LoraUse.Separator, StringSplitOptions.TrimEntries) ?? [];
        if (references.Length > MostReferences)
        {
            throw new InvalidRequestException(
                "reference",
                $"{references.Length} pictures were given, and at most {MostReferences} are taken: each costs as much as a latent frame."
            );
        }

        return new ControlPlan
        {
            Video = request.Control is { } video ? ControlFile.Find("control", video, folders) : null,
            Mask = request.Mask is { } mask and not ControlFields.Keep ? ControlFile.Find("mask", mask, folders) : null,
            Keeps = keeps,
            References = [.. references.Select(one => Reference(one, folders))],
            ReferenceFrames = references.Length,
            Source = OneOf("control-from", request.ControlFrom, ControlFields.Sources),
            IsHidden =
                request.Mask is not null
                && (OneOf("mask-shows", request.MaskShows, ControlFields.Shown) ?? (request.ControlFrom is null ? ControlFields.Grey : ""))
                    == ControlFields.Grey,
            Strength = ControlFields.Strength.Require(request.ControlStrength ?? 1),
            Place = PlaceOf(request.Outpaint, width, height),
        };
    }

    /// <summary>What the clip embeds.</summary>
    /// <param name="settings">The clip's settings.</param>
    /// <param name="request">What was asked for.</param>
    /// <param name="digests">Knows digests of files; null leaves them out.</param>
    public GenerationSettings Embed(GenerationSettings settings, ClipSettings request, FileDigests? digests) =>
        settings with
        {
            Control = Video?.ToUsed(digests),
            ControlFrom = Source,
            ControlStrength = request.ControlStrength is { } strength and not 1 ? strength : null,
            Mask = Mask?.ToUsed(digests) ?? (request.Mask is null ? null : new UsedClip(ControlFields.Keep, "")),
            MaskShows = request.MaskShows,
            Outpaint = request.Outpaint,
            References = References.Count == 0 ? null : [.. References.Select(one => one.ToUsed(digests))],
            Camera = Camera?.ToUsed(digests),
            CameraSpeed = Camera is { File: null } moves ? moves.Speed : null,
        };

    /// <summary>Refuses what the model does not take, with the name of one that does.</summary>
    private static void RefuseForeign(ClipSettings request, WanModel model)
    {
        foreach (var field in ControlFields.All.Where(field => field.Get(request) is not null))
        {
            var isCamera = field.Name.StartsWith("camera", StringComparison.Ordinal);
            if (isCamera || !model.TakesControl)
            {
                throw new InvalidRequestException(
                    field.Label,
                    isCamera
                        ? $"{model.Name} follows no camera: leave --{field.Label} out, or use a Fun Camera model (--model "
                            + "fun-camera-1.3b; wan models pull fun-camera-1.3b gets it)."
                        : $"{model.Name} follows no control: leave --{field.Label} out, or use a VACE model (--model vace-1.3b; wan models "
                            + "pull vace-1.3b gets it)."
                );
            }
        }
    }

    private static void RequireNone(string field, object? value)
    {
        if (value is not null)
        {
            throw new InvalidRequestException(field, $"--{field} needs --control: give both, or neither.");
        }
    }

    internal static ControlFile Reference(string text, IReadOnlyList<string> folders)
    {
        var file = ControlFile.Find("reference", text, folders);
        return file.Part is { From: 0, To: null }
            ? file
            : throw new InvalidRequestException("reference", $"{text}: a reference is a picture, which has no seconds.");
    }

    internal static string? OneOf(string field, string? value, IReadOnlyList<string> choices) =>
        value is null || choices.Contains(value)
            ? value
            : throw new InvalidRequestException(field, $"'{value}' is not known: --{field} is {string.Join(" or ", choices)}.");

    /// <summary>Refuses what says nothing together with the rest: it would be ignored without a word.</summary>
    private static void RequireUse(ClipSettings request, bool keeps)
    {
        if (request.MaskShows is not null && (request.Mask is null || keeps))
        {
            throw new InvalidRequestException("mask-shows", "--mask-shows needs a --mask that marks something.");
        }

        if (request.ControlFrom is not null && keeps)
        {
            throw new InvalidRequestException(
                "control-from",
                "All of --control is kept, so nothing of it is followed: leave --control-from out, or give a mask."
            );
        }

        if (request is { ControlFrom: { } source, MaskShows: ControlFields.Grey })
        {
            throw new InvalidRequestException(
                "mask-shows",
                $"--control-from {source} is followed where the mask is white, and --mask-shows {ControlFields.Grey} shows nothing there: "
                    + "give one of them."
            );
        }
    }

    private static FrameRect PlaceOf(NumberList? outpaint, int width, int height)
    {
        if (outpaint is null)
        {
            return new FrameRect(0, 0, width, height);
        }

        if (outpaint.Count != 4 || outpaint.Values.Any(share => share is < 0 or >= 1) || outpaint.Values.All(share => share == 0))
        {
            throw new InvalidRequestException(
                "outpaint",
                $"'{outpaint}' are not the shares of the frame that are made on the left, at the top, on the right and at the bottom: give "
                    + "four numbers from 0 to below 1, such as 0.25,0,0.25,0."
            );
        }

        var (left, top) = (Pixels(outpaint[0], width), Pixels(outpaint[1], height));
        var place = new FrameRect(left, top, width - left - Pixels(outpaint[2], width), height - top - Pixels(outpaint[3], height));
        return place is { Width: >= FewestPixels, Height: >= FewestPixels }
            ? place
            : throw new InvalidRequestException(
                "outpaint",
                $"'{outpaint}' leaves less than {FewestPixels} pixels of {width}x{height} for the control: make less around it."
            );

        static int Pixels(double share, int length) => (int)Math.Round(share * length, MidpointRounding.AwayFromZero);
    }
}
