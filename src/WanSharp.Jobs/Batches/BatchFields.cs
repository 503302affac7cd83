using System.Globalization;
using System.Numerics;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Batches;

/// <summary>The fields that a line of a batch file may have, the same in every format.</summary>
internal static class BatchFields
{
    private delegate BatchEntry Setter(BatchEntry entry, string value, string folder);

    private static readonly Dictionary<string, Setter> Setters = new(StringComparer.OrdinalIgnoreCase)
    {
        ["prompt"] = (entry, value, _) => entry with { Request = entry.Request with { Prompt = value } },
        ["negative"] = (entry, value, _) => entry with { Request = entry.Request with { Negative = value } },
        ["size"] = (entry, value, _) => entry with { Request = Size(entry.Request, value) },
        ["width"] = (entry, value, _) => entry with { Request = entry.Request with { Width = Number<int>("width", value) } },
        ["height"] = (entry, value, _) => entry with { Request = entry.Request with { Height = Number<int>("height", value) } },
        ["frames"] = (entry, value, _) => entry with { Request = entry.Request with { Frames = Number<int>("frames", value) } },
        ["seconds"] = (entry, value, _) => entry with { Request = entry.Request with { Seconds = Number<double>("seconds", value) } },
        ["fps"] = (entry, value, _) => entry with { Request = entry.Request with { Fps = Number<int>("fps", value) } },
        ["steps"] = (entry, value, _) => entry with { Request = entry.Request with { Steps = Number<int>("steps", value) } },
        ["guidance"] = (entry, value, _) => entry with { Request = entry.Request with { Guidance = Number<float>("guidance", value) } },
        ["guidance_high"] = (entry, value, _) => entry with { Request = entry.Request with { GuidanceHigh = Number<float>("guidance_high", value) } },
        ["sampler"] = (entry, value, _) => entry with { Request = entry.Request with { Sampler = value } },
        ["shift"] = (entry, value, _) => entry with { Request = entry.Request with { Shift = Number<double>("shift", value) } },
        ["seed"] = (entry, value, _) => entry with { Request = entry.Request with { Seed = Number<ulong>("seed", value) } },
        ["image"] = (entry, value, folder) => entry with { Request = Image(entry.Request, 0, value, folder) },
        ["last_image"] = (entry, value, folder) => entry with { Request = Image(entry.Request, -1, value, folder) },
        ["style"] = (entry, value, _) => entry with { Style = value },
        ["priority"] = (entry, value, _) => entry with { Priority = Priority(value) },
        ["cache"] = (entry, value, _) => entry with { UseCache = Flag("cache", value) },
        ["output"] = (entry, value, _) => entry with { Output = value },
    };

    /// <summary>An entry with a field set.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="field">The field's name.</param>
    /// <param name="value">Its value as text.</param>
    /// <param name="folder">Where the paths of images begin.</param>
    /// <exception cref="InvalidRequestException">There is no such field, or this is no value for it.</exception>
    public static BatchEntry Set(BatchEntry entry, string field, string value, string folder) => Setters.TryGetValue(field, out var set)
        ? set(entry, value, folder)
        : throw new InvalidRequestException(field, $"There is no field '{field}': there are {string.Join(", ", Setters.Keys)}.{NearestName.Hint(field, Setters.Keys)}");

    private static JobRequest Size(JobRequest request, string value)
    {
        var parts = value.Split('x', 'X', '×', '*');
        return parts.Length == 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var width)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var height)
            ? request with { Width = width, Height = height }
            : throw new InvalidRequestException("size", $"'{value}' is not a size: write WIDTHxHEIGHT in pixels, such as 832x480.");
    }

    private static JobRequest Image(JobRequest request, int frame, string value, string folder) =>
        request with { Images = new Dictionary<int, string>(request.Images) { [frame] = Path.GetFullPath(value, folder) } };

    private static int Priority(string value) => Number<int>("priority", value) is >= -BatchEntry.HighestPriority and <= BatchEntry.HighestPriority and var priority
        ? priority
        : throw new InvalidRequestException("priority", $"The priority {value} is outside -{BatchEntry.HighestPriority} to {BatchEntry.HighestPriority}.");

    private static bool Flag(string field, string value) => value.ToLowerInvariant() switch
    {
        "true" or "yes" or "1" => true,
        "false" or "no" or "0" => false,
        _ => throw new InvalidRequestException(field, $"The {field} is true or false, not '{value}'."),
    };

    private static T Number<T>(string field, string value)
        where T : INumber<T>, IMinMaxValue<T>
    {
        if (T.TryParse(value, T.IsInteger(T.One / (T.One + T.One)) ? NumberStyles.AllowLeadingSign : NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        var kind = T.IsInteger(T.One / (T.One + T.One)) ? $"a whole number from {T.MinValue} to {T.MaxValue}" : "a number such as 4.5";
        throw new InvalidRequestException(field, $"The {field} is {kind}, not '{value}'.");
    }
}
