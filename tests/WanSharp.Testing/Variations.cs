using System.Collections;
using System.Globalization;
using System.Reflection;
using WanSharp.Engine.Guidance;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Sampling;
using WanSharp.Engine.StepCaches;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Testing;

/// <summary>Copies of a record that differ from it in one property each: a key that two of them share forgets something.</summary>
public static class Variations
{
    /// <summary>The copies, for all properties that may be set except some.</summary>
    /// <param name="original">A record.</param>
    /// <param name="without">Names of properties that do not matter.</param>
    public static IEnumerable<(T Changed, string Name)> Of<T>(T original, params string[] without)
        where T : class
    {
        var clone = typeof(T).GetMethod("<Clone>$")!;
        foreach (
            var property in typeof(T)
                .GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Where(property => property.SetMethod is not null && !without.Contains(property.Name))
        )
        {
            var copy = (T)clone.Invoke(original, null)!;
            property.SetValue(copy, Another(property.GetValue(original), property.PropertyType));
            yield return (copy, property.Name);
        }
    }

    private static object Another(object? value, Type type) =>
        value switch
        {
            string text => text + "!",
            bool flag => !flag,
            int number => number + 1,
            long number => number + 1,
            ulong number => number + 1,
            float number => number + 1,
            double number => number + 1,
            DType => DType.F16,
            Enum one => Enum.GetValues(type).Cast<Enum>().First(other => !other.Equals(one)),
            PatchSize patch => patch with { Height = patch.Height + 1 },
            IReadOnlyList<float> numbers => numbers.SkipLast(1).Append(numbers[^1] + 1).ToArray(),
            IReadOnlyList<int> numbers => numbers.SkipLast(1).Append(numbers[^1] + 1).ToArray(),
            IReadOnlyList<bool> flags => flags.SkipLast(1).Append(!flags[^1]).ToArray(),
            ExecutionSettings execution => execution with { Precision = execution.Precision + "!" },
            IReadOnlyList<GenerationSettings.EmbeddedImage> => new[] { new GenerationSettings.EmbeddedImage(0, "12") },
            IDictionary => new Dictionary<string, string> { ["another"] = "1" },
            null when type == typeof(string) => "another",
            null when type == typeof(UsedNetwork) => new UsedNetwork("another", "12"),
            null when type == typeof(UsedClip) => new UsedClip("another", "12"),
            null when type == typeof(IReadOnlyList<UsedClip>) => new[] { new UsedClip("another", "12") },
            null when type == typeof(UsedInterpolation) => new UsedInterpolation("another", "12", 8),
            null when type == typeof(NumberList) => new NumberList([1, 0.5]),
            null when type == typeof(StepInterval) => new StepInterval(0.1, 0.9),
            null when type == typeof(ProjectedGuidance) => new ProjectedGuidance(55),
            null when type == typeof(SkippedBlocks) => new SkippedBlocks([1], new StepInterval(0.1, 0.9)),
            null when type == typeof(LayerFormats) => new LayerFormats([KeyValuePair.Create("blocks.0.ffn.0", LayerFormat.EightBit)]),
            null when type == typeof(StepCacheSetting) => StepCacheSetting.Parse("easy:0.05,4", null),
            null when type == typeof(AttentionGuidance) => new AttentionGuidance(5),
            null when type == typeof(IReadOnlyList<GenerationSettings.EmbeddedLora>) => new[]
            {
                new GenerationSettings.EmbeddedLora("another", "12", "1"),
            },
            null when type == typeof(ReusedSteps) => new ReusedSteps("another", 1, 1),
            null when Nullable.GetUnderlyingType(type) is { } number => Convert.ChangeType(1, number, CultureInfo.InvariantCulture),
            _ => throw new NotSupportedException($"Say how to change a {type}, and whether it matters."),
        };
}
