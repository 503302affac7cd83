using WanSharp.Graphs.Networks;
using WanSharp.Models;

namespace WanSharp.Jobs.Films;

/// <summary>What of a model decides how a film is divided. Immutable.</summary>
public sealed record FilmModel
{
    /// <summary>The model's name.</summary>
    public required string Name { get; init; }

    /// <summary>The frames of the clips that it was made for: the longest part of a film.</summary>
    public required int Frames { get; init; }

    /// <summary>The frames that it shows in a second, unless others are asked for.</summary>
    public required int Fps { get; init; }

    /// <summary>Clips have a multiple of this many frames, and one.</summary>
    public required int Stride { get; init; }

    /// <summary>Whether a clip can begin with a given frame, so that one can continue another.</summary>
    public required bool Continues { get; init; }

    /// <summary>Whether a clip can end with a given frame as well, so that one can lead to another.</summary>
    public required bool Leads { get; init; }

    /// <summary>Whether the first frame alone will do, so that a section can be longer than a clip.</summary>
    public required bool Divides { get; init; }

    /// <summary>What of a model decides how a film is divided.</summary>
    /// <param name="model">The model.</param>
    public static FilmModel Of(WanModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var kind = model.Transformer.ModelType;
        return new FilmModel
        {
            Name = model.Name,
            Frames = model.Defaults.Frames,
            Fps = model.Defaults.Fps,
            Stride = model.Vae.TemporalStride,
            Continues = model.TakesImages,
            Leads = model.TakesImages && (kind != ModelType.Fun || model.Transformer.JoinsMask),
            Divides = kind is ModelType.TextImageToVideo or ModelType.ImageToVideo or ModelType.Fun,
        };
    }

    /// <summary>What a section begins with.</summary>
    /// <param name="section">The section.</param>
    /// <param name="index">Its place in the film, from 0.</param>
    internal SectionStart StartOf(FilmSection section, int index) =>
        section.Start ?? (index > 0 && Continues && !section.Request.Images.ContainsKey(0) ? SectionStart.Continue : SectionStart.Cut);

    /// <summary>The frames of the shortest clip that has this many.</summary>
    internal int FramesFor(int frames) => ((frames - 1 + Stride - 1) / Stride * Stride) + 1;
}
