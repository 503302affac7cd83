using WanSharp.Engine.Requests;
using WanSharp.Jobs.Batches.Reading;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Batches;

/// <summary>The fields that a line of a batch file may have, the same in every format.</summary>
internal static class BatchFields
{
    private const string AnySeed = "random";

    private delegate BatchEntry Setter(BatchEntry entry, FieldValue value);

    private static readonly Dictionary<string, Setter> Setters = new(StringComparer.OrdinalIgnoreCase)
    {
        ["prompt"] = (entry, value) => entry with { Request = entry.Request with { Prompt = value.Text } },
        ["seed"] = Seed,
        ["image"] = (entry, value) => entry with { Request = Image(entry.Request, 0, value) },
        ["last_image"] = (entry, value) => entry with { Request = Image(entry.Request, -1, value) },
        ["style"] = (entry, value) => entry with { Style = value.Text },
        ["priority"] = (entry, value) => entry with { Priority = Priority(value) },
        ["cache"] = (entry, value) => entry with { UseCache = value.Flag() },
        ["output"] = (entry, value) => entry with { Output = value.Text },
    };

    private const string Negative = "negative";
    private static readonly string[] Prompts = ["prompt", Negative];

    // Any other text is a value of them, too.
    private static readonly string[] OtherTexts = ["image", "last_image", "style", "output"];

    /// <summary>Fields that say the same, so that not both can be followed.</summary>
    private static readonly (string One, string Other)[] Rivals =
    [
        .. from field in SettingFields.All from other in field.Excludes select (field.Name, other),
    ];

    /// <summary>The fields' names.</summary>
    public static FieldNames Names { get; } =
        new([.. Setters.Keys.Take(1).Concat(SettingFields.All.Select(one => one.Name)).Concat(Setters.Keys.Skip(1)).Distinct()]);

    /// <summary>The two fields of a line that contradict each other, or null.</summary>
    public static (string One, string Other)? FindRivals(IReadOnlyCollection<string> names)
    {
        foreach (var rivals in Rivals)
        {
            if (
                names.Contains(rivals.One, StringComparer.OrdinalIgnoreCase)
                && names.Contains(rivals.Other, StringComparer.OrdinalIgnoreCase)
            )
            {
                return rivals;
            }
        }

        return null;
    }

    /// <summary>An entry with a field set.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="value">The field and its value.</param>
    /// <exception cref="InvalidRequestException">There is no such field, or this is not a value for it.</exception>
    public static BatchEntry Set(BatchEntry entry, FieldValue value)
    {
        if (!Names.Contains(value.Field))
        {
            throw new InvalidRequestException(value.Field, Names.Unknown(value.Field));
        }

        var isPrompt = Prompts.Contains(value.Field, StringComparer.OrdinalIgnoreCase);
        if (isPrompt && ForeignText.ProblemOf(value.Text) is { } foreign)
        {
            throw new InvalidRequestException(value.Field, foreign);
        }

        var mayBeNone = value.Field.Equals(Negative, StringComparison.OrdinalIgnoreCase) && PromptText.IsNone(value.Text);
        if (
            !mayBeNone
            && (isPrompt || OtherTexts.Contains(value.Field, StringComparer.OrdinalIgnoreCase))
            && PromptText.IsNothing(value.Text)
        )
        {
            throw new InvalidRequestException(
                value.Field,
                $"The {value.Field} is '{value.Text}', as programs write for no text: leave it empty."
            );
        }

        return Setters.TryGetValue(value.Field, out var set)
            ? set(entry, value)
            : entry with
            {
                Request = value.Set(entry.Request, SettingFields.Find(value.Field)!),
            };
    }

    private static BatchEntry Seed(BatchEntry entry, FieldValue value) =>
        value.Text is "-1" || value.Text.Equals(AnySeed, StringComparison.OrdinalIgnoreCase)
            ? entry with
            {
                DrawsSeed = true,
            }
            : entry with
            {
                Request = value.Set(entry.Request, SettingFields.Seed),
            };

    private static JobRequest Image(JobRequest request, int frame, FieldValue value) =>
        request with
        {
            Images = new Dictionary<int, string>(request.Images) { [frame] = value.File() },
        };

    private static int Priority(FieldValue value) =>
        value.WholeNumber() is >= -BatchEntry.HighestPriority and <= BatchEntry.HighestPriority and var priority
            ? priority
            : throw new InvalidRequestException(
                "priority",
                $"The priority {value.Text} is outside -{BatchEntry.HighestPriority} to {BatchEntry.HighestPriority}."
            );
}
