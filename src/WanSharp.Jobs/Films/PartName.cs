using System.Text.Json.Nodes;
using WanSharp.Jobs.Batches;
using WanSharp.Storage;

namespace WanSharp.Jobs.Films;

/// <summary>
/// Names the clip of a part by what decides it: a part that is changed gets another file, and one that is changed back finds its own.
/// </summary>
internal static class PartName
{
    private const int Letters = 8;

    /// <summary>Settings that say who made a clip, and how, but not which clip it is; the precision counts.</summary>
    private static readonly string[] Incidental = ["version", "model", "reused", "execution"];

    /// <summary>Whether two names are of the same clip, whichever places in a film it had.</summary>
    public static bool AreOfOne(string name, string other) =>
        name.AsSpan(name.IndexOf('-', StringComparison.Ordinal) + 1)
            .SequenceEqual(other.AsSpan(other.IndexOf('-', StringComparison.Ordinal) + 1));

    /// <summary>A name such as <c>0003-a-red-circle-7-1f0c96e2.mkv</c>.</summary>
    public static string Of(FilmPart part, NewJob job)
    {
        var settings = JsonNode.Parse(job.Prepared.Settings)!.AsObject();
        var precision = settings["execution"]?["precision"]?.ToString();
        foreach (var name in Incidental)
        {
            settings.Remove(name);
        }

        var key = Digests.OfParts([settings.ToJsonString(), precision ?? ""])[..Letters];
        return ArtifactName.For(part.Number, part.Request.Prompt, part.Style, job.Request.Seed, $"-{key}{Path.GetExtension(job.Output)}");
    }
}
