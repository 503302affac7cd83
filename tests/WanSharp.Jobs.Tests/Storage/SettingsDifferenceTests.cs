using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using WanSharp.Engine.Requests;
using WanSharp.Jobs.Storage;

namespace WanSharp.Jobs.Tests.Storage;

public sealed class SettingsDifferenceTests
{
    private const string Plain = """{"version": "2", "prompt": "a fox", "seed": 1, "steps": 12, "shift": 5}""";

    public static TheoryData<string> EffectsThatMayBeAbsent => [.. SettingsDifference.WithoutEffectIfAbsent];

    [Theory]
    [MemberData(nameof(EffectsThatMayBeAbsent))]
    public void Find_OfASettingThatOneSideLacks_IsADifferenceWhicheverVersionWroteIt(string name)
    {
        foreach (var version in new[] { "1", "2" })
        {
            var with = With(name, "anything", version);

            Assert.Equal(name, SettingsDifference.Find(Plain, with));
            Assert.Equal(name, SettingsDifference.Find(with, Plain));
            Assert.False(SettingsDifference.AreOf(with, Plain));
            Assert.False(SettingsDifference.AreOf(Plain, with));
        }
    }

    [Theory]
    [InlineData("boundary", "2", "boundary")]
    [InlineData("boundary", "1", null)] // another version may not have written it
    [InlineData("unheard_of", "2", "unheard_of")]
    [InlineData("unheard_of", "1", null)]
    [InlineData("preset", "2", null)]
    [InlineData("model_files", "2", null)]
    [InlineData("execution", "2", null)]
    public void Find_OfAnotherSettingThatOneSideLacks_CountsWithinAVersion(string name, string version, string? expected)
    {
        var with = With(name, "anything", version);

        Assert.Equal(expected, SettingsDifference.Find(Plain, with));
        Assert.Equal(expected, SettingsDifference.Find(with, Plain));
    }

    [Theory]
    [InlineData("images", """[{"latent_frame": 0, "sha256": "a"}]""", """[{"latent_frame": 0, "sha256": "b"}]""", "images")]
    [InlineData("loras", """[{"file": "x", "sha256": "a"}]""", """[{"file": "y", "sha256": "a"}]""", null)]
    [InlineData("loras", """[{"file": "x", "sha256": "a"}]""", """[{"file": "x", "sha256": "b"}]""", "loras")]
    [InlineData("camera", """{"name": "x", "sha256": "a"}""", """{"name": "x", "sha256": "b"}""", "camera")]
    [InlineData("camera", "null", """{"name": "x", "sha256": "b"}""", null)] // an older version did not say it
    [InlineData("shift", "5", "6", null)]
    public void FindOfFiles_IsTheSettingWhoseFilesHoldSomethingElse(string name, string planned, string now, string? expected) =>
        Assert.Equal(
            expected,
            SettingsDifference.FindOfFiles(With(name, JsonNode.Parse(planned), "1"), With(name, JsonNode.Parse(now), "2"))
        );

    [Fact]
    public void Find_OfEqualSettings_IsNone()
    {
        Assert.Null(SettingsDifference.Find(Plain, With("step_cache", null, "2"))); // a null says nothing
        Assert.Equal("steps", SettingsDifference.Find(Plain, With("steps", 20, "1")));
    }

    /// <summary>What a clip may leave out is read off the settings: a new one counts by itself.</summary>
    [Fact]
    public void EverySettingThatMayBeNull_IsSorted()
    {
        var nullability = new NullabilityInfoContext();
        var optional = typeof(GenerationSettings)
            .GetProperties()
            .Where(property => nullability.Create(property).ReadState == NullabilityState.Nullable)
            .Select(property => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name));
        string[] sorted = [.. SettingsDifference.WithoutEffectIfAbsent, .. SettingsDifference.Derived, .. SettingsDifference.Incidental];

        Assert.Empty(optional.Except(sorted));
        Assert.Contains("riflex", SettingsDifference.WithoutEffectIfAbsent);
        Assert.DoesNotContain("seed", SettingsDifference.WithoutEffectIfAbsent);
        Assert.DoesNotContain("boundary", SettingsDifference.WithoutEffectIfAbsent);
    }

    private static string With(string name, JsonNode? value, string version)
    {
        var settings = JsonNode.Parse(Plain)!.AsObject();
        settings["version"] = version;
        settings[name] = value;
        return settings.ToJsonString();
    }
}
