using System.Globalization;
using System.Reflection;
using WanSharp.Engine.Requests;
using WanSharp.Jobs.Results;

namespace WanSharp.Jobs.Tests.Results;

public class ResultKeyTests
{
    private static readonly GenerationSettings Settings = new()
    {
        Version = "1.0.0",
        Model = "shapes",
        ModelDigest = "00",
        Prompt = "a",
        NegativePrompt = "b",
        Width = 96,
        Height = 96,
        Frames = 17,
        Fps = 8,
        Steps = 20,
        GuidanceScale = 4,
        Sampler = "unipc",
        Shift = 3,
        Seed = 1,
        Images = [new GenerationSettings.EmbeddedImage(0, "11")],
    };

    [Fact]
    public void OfEngine_OfEqualInputs_IsOneDigest()
    {
        var key = ResultKey.OfEngine(Settings with { Seed = 1 }, "cpu", "f32");
        Assert.Equal(ResultKey.OfEngine(Settings, "cpu", "f32"), key);
        Assert.Matches("^[0-9a-f]{64}$", key);
    }

    [Fact]
    public void OfEngine_WithAnySettingChanged_IsAnother()
    {
        var keys = new HashSet<string> { ResultKey.OfEngine(Settings, "cpu") };
        var settings = typeof(GenerationSettings).GetProperties(BindingFlags.Public | BindingFlags.Instance);
        foreach (var setting in settings)
        {
            var changed = Settings with { };
            setting.SetValue(changed, Another(setting.GetValue(Settings), setting.PropertyType));
            Assert.True(keys.Add(ResultKey.OfEngine(changed, "cpu")), setting.Name);
        }

        Assert.True(keys.Add(ResultKey.OfEngine(Settings, "cuda")));
        Assert.True(keys.Add(ResultKey.OfEngine(Settings, "cpu", "int8")));
    }

    [Fact]
    public void Of_TextThatShiftsBetweenParts_IsAnother() => Assert.NotEqual(ResultKey.Of("ab", "c"), ResultKey.Of("a", "bc"));

    private static object Another(object? value, Type type) => value switch
    {
        string text => text + "!",
        int number => number + 1,
        ulong number => number + 1,
        float number => number + 1,
        double number => number + 1,
        IReadOnlyList<GenerationSettings.EmbeddedImage> => new[] { new GenerationSettings.EmbeddedImage(0, "12") },
        null when type == typeof(ExecutionSettings) => new ExecutionSettings("cuda", "float32", null),
        null when Nullable.GetUnderlyingType(type) is { } number => Convert.ChangeType(1, number, CultureInfo.InvariantCulture),
        _ => throw new NotSupportedException($"Say how to change a {type}."),
    };
}
