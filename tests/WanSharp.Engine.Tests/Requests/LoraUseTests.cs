using System.Text.Json;
using WanSharp.Engine.Requests;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Requests;

public sealed class LoraUseTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("style.safetensors", "style.safetensors", "1")]
    [InlineData("style.safetensors:0.8", "style.safetensors", "0.8")]
    [InlineData(" style : -1.5 ", "style", "-1.5")]
    [InlineData(@"C:\loras\style.safetensors", @"C:\loras\style.safetensors", "1")]
    [InlineData(@"C:\loras\style.safetensors:1@0-3,0.5@4-", @"C:\loras\style.safetensors", "1@0-3,0.5@4-")]
    [InlineData("style:1,1,0.5", "style", "1@0-1,0.5@2-")]
    [InlineData("style:0.5,0.5", "style", "0.5")]
    [InlineData("style:0.5@2", "style", "0.5@2")]
    [InlineData("style:0,0.8", "style", "0.8@1-")]
    [InlineData("style:0@0,8@1-", "style", "8@1-")]
    [InlineData("style:0,1,1", "style", "1@1-")]
    [InlineData("style:0.5@3-9,1@0-2", "style", "1@0-2,0.5@3-9")]
    [InlineData("style:0.7@0-2,0.7@3-", "style", "0.7")]
    [InlineData("style:1@0-2,2", "style:1@0-2,2", "1")] // what is no strength belongs to the name
    [InlineData("style:1@3-2", "style:1@3-2", "1")]
    [InlineData("style:1@0-3,1@2-", "style:1@0-3,1@2-", "1")]
    [InlineData("style:101", "style:101", "1")]
    [InlineData("style:NaN", "style:NaN", "1")]
    public void TryParse_SplitsFileAndStrength(string text, string file, string strength)
    {
        Assert.True(LoraUse.TryParse(text, out var use));

        Assert.Equal(file, use.File);
        Assert.Equal(strength, use.Strength.ToString());
        Assert.True(LoraUse.TryParse(use.ToString(), out var again));
        Assert.Equal(use, again);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("a;b")]
    [InlineData("style:0,8")] // 0.8, or 0 in the first step and 8 in the others
    [InlineData("style: -0,75")]
    public void TryParse_RefusesWhatNamesNoFile(string text) => Assert.False(LoraUse.TryParse(text, out _));

    [Fact]
    public void ToString_KeepsANameThatEndsLikeAStrength()
    {
        var use = new LoraUse("style:0.5", LoraStrength.Full);

        Assert.True(LoraUse.TryParse(use.ToString(), out var again));

        Assert.Equal(use, again);
    }

    [Fact]
    public void Strength_ChangesWithTheStep()
    {
        Assert.True(LoraStrength.TryParse("1@1-2,-0.5@4-", out var strength));

        Assert.Equal([0, 1, 1, 0, -0.5, -0.5], Enumerable.Range(0, 6).Select(strength.At));
        Assert.False(strength.Acts(1));
        Assert.True(strength.Acts(2));
    }

    [Fact]
    public void Strength_ThatIsListed_HoldsItsLastValue()
    {
        Assert.True(LoraStrength.TryParse("0, 1, 0.25", out var strength));

        Assert.Equal([0, 1, 0.25, 0.25], Enumerable.Range(0, 4).Select(strength.At));
    }

    [Theory]
    [InlineData("""["a:0.5", "b"]""", "a:0.5;b")]
    [InlineData("\"a:0.5; b\"", "a:0.5;b")]
    public void Json_IsAListOrOneText(string json, string expected)
    {
        var uses = JsonSerializer.Deserialize<LoraUses>(json)!;

        Assert.Equal(expected, uses.ToString());
        Assert.Equal(uses, JsonSerializer.Deserialize<LoraUses>(JsonSerializer.Serialize(uses)));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("[1]")]
    [InlineData("{}")]
    [InlineData("[\"\"]")]
    public void Json_OfOtherThings_IsRefused(string json) => Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<LoraUses>(json));

    [Fact]
    public void From_TellsFullPathsOfFilesThatAreThere()
    {
        File.WriteAllText(_folder["here.safetensors"], "");
        var uses = new LoraUses(
            new LoraUse("here.safetensors", LoraStrength.Of(0.5)),
            new LoraUse("elsewhere.safetensors", LoraStrength.Full)
        );

        Assert.Equal([_folder["here.safetensors"], "elsewhere.safetensors"], uses.From(_folder.Path).Select(use => use.File));
    }

    public void Dispose() => _folder.Dispose();
}
