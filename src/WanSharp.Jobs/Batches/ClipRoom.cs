using System.Text.Json;
using System.Text.Json.Nodes;

namespace WanSharp.Jobs.Batches;

/// <summary>About how much room clips take on the disk: for a warning, not for a promise.</summary>
public static class ClipRoom
{
    /// <summary>Bytes that the clips of jobs take, about; those of which nobody knows the size count nothing.</summary>
    public static double BytesOf(IEnumerable<NewJob> jobs) => jobs.Sum(BytesOf);

    private static double BytesOf(NewJob job)
    {
        try
        {
            var settings = JsonNode.Parse(job.Prepared.Settings);
            var pixels = Value("width") * Value("height") * Value("frames");
            return pixels
                * Path.GetExtension(job.Output).ToLowerInvariant() switch
                {
                    ".png" => 1.5,
                    ".gif" => 0.5,
                    _ => 0.2,
                };

            double Value(string name) => settings?[name] is JsonValue value && value.TryGetValue<double>(out var number) ? number : 0;
        }
        catch (JsonException)
        {
            return 0;
        }
    }
}
