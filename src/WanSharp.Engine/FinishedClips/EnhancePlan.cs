using System.Text.Json;
using System.Text.Json.Nodes;
using WanSharp.Engine.Requests;
using WanSharp.Media.Clips;
using WanSharp.Models.Enhancers;
using WanSharp.Runtime.Networks;

namespace WanSharp.Engine.FinishedClips;

/// <summary>What becomes of a clip that is there. Immutable.</summary>
public sealed record EnhancePlan
{
    private const string Made = "made"; // of a film: what made it
    private const string Sections = "sections";

    internal EnhancePlan(ClipFacts clip, FrameTimes times) => (Clip, Times) = (clip, times);

    /// <summary>The clip.</summary>
    public ClipFacts Clip { get; }

    /// <summary>The measures of what becomes of it.</summary>
    public ClipFormat Format { get; internal init; } = null!;

    internal FrameTimes Times { get; }

    internal ClipSize Size => new(Clip.Width, Clip.Height);

    /// <summary>What makes frames between the clip's; null for ffmpeg, and where nothing does.</summary>
    internal EnhancerFile? Interpolator { get; init; }

    /// <summary>Whether frames are made between the clip's.</summary>
    internal bool Interpolates { get; init; }

    /// <summary>What enlarges the frames; null where nothing does, or <see cref="Onnx"/>.</summary>
    internal EnhancerFile? Upscaler { get; init; }

    /// <summary>What enlarges the frames, as an ONNX file.</summary>
    internal OnnxUpscaler? Onnx { get; init; }

    /// <summary>What enlarges the frames, as the new clip says it; null where nothing does.</summary>
    internal UsedNetwork? Enlarged { get; init; }

    internal int? UpscaleHeight { get; init; }

    /// <summary>
    /// What the new clip says of itself: what the clip said, with what became of it, as a clip that was made so at once says it.
    /// </summary>
    /// <param name="embedded">An object of JSON that the clip carries; null for none.</param>
    /// <returns>Null for a clip that said nothing; what another program wrote stays as it is.</returns>
    public string? Embed(string? embedded)
    {
        if (embedded is null)
        {
            return null;
        }

        if (GenerationSettings.FromJson(embedded) is { } settings)
        {
            return Embed(settings).ToJson();
        }

        return FilmOf(embedded) ?? embedded;
    }

    /// <summary>What a film says of itself; null for what another program wrote, which may be JSON that cannot be written again.</summary>
    private static string? FilmOf(string embedded)
    {
        try
        {
            var film =
                JsonNode.Parse(embedded, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false }) as JsonObject;
            if (film?[Sections] is not JsonArray || film[Made] is not JsonObject made)
            {
                return null;
            }

            made["enhanced"] = true;
            return film.ToJsonString(
                new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }
            );
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }

    private GenerationSettings Embed(GenerationSettings settings)
    {
        settings = settings with { Enhanced = true };
        var isAsMade = Clip.Rate == new FrameRate(settings.Fps, 1) && settings.Upscale is null && Size == settings.DecodedSize;
        if (!isAsMade || (Interpolates && (settings.Interpolate is not null || Format.Fps != (int)Format.Fps)))
        {
            return settings; // of one that was enhanced before, or that another program wrote anew
        }

        if (Interpolates)
        {
            var (name, digest) = Interpolator is { } file ? (file.Name, file.Digest) : (UsedInterpolation.Ffmpeg, "");
            settings = settings with { Fps = (int)Format.Fps, Interpolate = new UsedInterpolation(name, digest, settings.Fps) };
        }

        return settings with
        {
            Upscale = Enlarged,
            UpscaleHeight = UpscaleHeight,
        };
    }
}
