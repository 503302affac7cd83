using WanSharp.Engine.Requests;
using WanSharp.Server.Http;

namespace WanSharp.Server.Videos;

/// <summary>
/// What requests call a clip's settings: our names, and those of other servers. JSON, forms and batches all find a setting here, so
/// that two names for one thing are seen whichever way they come.
/// </summary>
internal static class SettingNames
{
    private const string GuidanceOfBoth = "guidance_scale";
    private const string GuidanceOfLowNoise = "guidance_scale_2";

    private static readonly Dictionary<string, string> OtherNames = new(StringComparer.OrdinalIgnoreCase)
    {
        ["negative_prompt"] = "negative",
        ["num_frames"] = "frames",
        ["num_inference_steps"] = "steps",
        ["infer_steps"] = "steps",
        ["flow_shift"] = "shift",
        ["boundary_ratio"] = "boundary",
        [GuidanceOfBoth] = "guidance",
        [GuidanceOfLowNoise] = "guidance",
    };

    /// <summary>What other servers call our settings.</summary>
    public static IReadOnlyCollection<string> Others => OtherNames.Keys;

    /// <summary>All names of a setting, ours first.</summary>
    public static IEnumerable<string> Of(SettingField field) =>
        OtherNames.Where(other => other.Value == field.Name).Select(other => other.Key).Prepend(field.Name);

    /// <summary>The setting that a field of a body is; null where it is none.</summary>
    /// <param name="name">The field.</param>
    /// <param name="body">The body: diffusers' pair of scales means other settings than the first of them alone.</param>
    /// <exception cref="ApiException">It means nothing without another field.</exception>
    public static SettingField? Find(string name, RequestBody body)
    {
        // the pair is (high noise, low noise); alone the first is for both
        if (Is(name, GuidanceOfLowNoise) && !body.Has(GuidanceOfBoth))
        {
            throw ApiException.Invalid(name, $"There is a {name} without a {GuidanceOfBoth}: give both.");
        }

        return Is(name, GuidanceOfBoth) && body.Has(GuidanceOfLowNoise)
            ? SettingFields.Find("guidance_high")
            : SettingFields.Find(OtherNames.GetValueOrDefault(name, name));
    }

    /// <summary>Refuses fields that say the same, so that not both can be followed.</summary>
    /// <exception cref="ApiException">There are two such.</exception>
    public static void RequireNoRivals(RequestBody body)
    {
        var settings = body
            .Fields.Select(field => (field.Name, Field: Find(field.Name, body)))
            .Where(one => one.Field is not null)
            .Select(one => (one.Name, Field: one.Field!))
            .ToList();
        foreach (var (index, (name, field)) in settings.Index())
        {
            if (
                settings
                    .Where((other, at) => at != index && (other.Field == field || field.Excludes.Contains(other.Field.Name)))
                    .FirstOrDefault() is
                { Name: { } rival }
            )
            {
                throw ApiException.Invalid(name, $"There are both {rival} and {name}: leave one out.");
            }
        }
    }

    private static bool Is(string name, string other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);
}
