using WanSharp.Jobs.Recipes;
using WanSharp.Testing.Comfy;

namespace WanSharp.Jobs.Tests.Recipes;

/// <summary>What ComfyUI makes of a prompt before the text encoder sees it.</summary>
public class RecipePromptTests
{
    /// <summary>What other programs do not read as text is named, and weights are taken off their words.</summary>
    [Theory]
    [InlineData("a (flying:1.3) fox", "a flying fox", "(flying:1.3) weighs words in the prompt")]
    [InlineData("a ((red)) fox", "a red fox", "((red)) weighs")]
    [InlineData("a fox \\(animal\\)", "a fox (animal)", null)]
    [InlineData("a fox (open", "a fox (open", null)]
    [InlineData("embedding:easy, a fox", "embedding:easy, a fox", "embedding:easy of the prompt is a file")]
    [InlineData("a <random:red,blue> fox", "a <random:red,blue> fox", "<random:red,blue> of the prompt means something")]
    [InlineData("a <lora:ink:1> fox", "a <lora:ink:1> fox", "<lora:ink:1> of the prompt is text to ComfyUI")]
    [InlineData("a {red|blue} fox", "a {red|blue} fox", null)] // the page has chosen before it sends
    public void Prompts_OfComfy_AreText(string written, string expected, string? unsaid)
    {
        var text = System.Text.Json.JsonSerializer.Serialize(written);
        var recipe = Read(Workflows.TextToVideo.Replace("\"a fox\"", text, StringComparison.Ordinal));

        Assert.Equal(expected, recipe.Prompt);
        Assert.Equal(unsaid is null ? 0 : 1, recipe.Unexpressed.Count);
        Assert.All(recipe.Unexpressed, one => Assert.StartsWith(unsaid!, one, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("{red|blue} fox", "{red|blue} of the prompt is a choice")]
    [InlineData("a fox // in winter", "// in winter of the prompt is a note")]
    public void Prompts_OfComfysEditor_NameWhatThePageResolves(string written, string unsaid)
    {
        var editor = Text("editor-t2v.json")
            .Replace("a fox moving quickly in a beautiful winter scenery", written, StringComparison.Ordinal);

        Assert.StartsWith(unsaid, Assert.Single(Read(editor).Unexpressed), StringComparison.Ordinal);
    }

    private static Recipe Read(string text) => RecipeReader.Read([("", text)], "workflow.json")!;

    private static string Text(string name) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "recipes", name));
}
