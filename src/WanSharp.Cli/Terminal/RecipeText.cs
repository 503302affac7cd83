using WanSharp.Engine.Requests;
using WanSharp.Hosting.Outputs;
using WanSharp.Jobs.Recipes;
using WanSharp.Models.Hub;

namespace WanSharp.Cli.Terminal;

/// <summary>How another program made a clip, for people and for programs.</summary>
internal static class RecipeText
{
    /// <summary>A row for each setting that is known, then what cannot be said, then the command.</summary>
    public static string Describe(RecipeOutput recipe)
    {
        List<string> lines = [Row("made by", recipe.Tool), Row("prompt", recipe.Prompt)];
        lines.AddRange(recipe.Settings.Select(setting => Row(setting.Key.Replace('_', ' '), setting.Value)));
        (string Name, string? Value)[] files =
        [
            ("model", recipe.Model),
            ("model high", recipe.ModelHigh),
            ("model low", recipe.ModelLow),
            ("image", recipe.Image),
            ("last image", recipe.LastImage),
        ];
        lines.AddRange(files.Where(file => file.Value is not null).Select(file => Row(file.Name, file.Value!)));
        if (recipe.Unexpressed.Count > 0)
        {
            lines.Add("");
            lines.Add("Missing from the command below, so the clip will differ:");
            lines.AddRange(recipe.Unexpressed.Select(one => $"  {PlainText.OneLine(one)}"));
        }

        lines.Add("");
        lines.Add("This command makes a similar clip (noise differs between programs; files keep the names they had there):");
        lines.Add(recipe.Command);
        return string.Join(Environment.NewLine, lines);
    }

    /// <summary>What <c>--json</c> prints.</summary>
    public static RecipeOutput Output(Recipe recipe, AliasCatalog aliases)
    {
        var settings = SettingFields
            .All.Where(field => field.Option is not null)
            .Select(field => (field.Name, Value: field.Print(recipe.Settings)))
            .Where(setting => setting.Value is not null)
            .ToDictionary(setting => setting.Name, setting => setting.Value!);
        return new RecipeOutput(
            recipe.Tool,
            recipe.Prompt,
            settings,
            recipe.Model,
            recipe.HighNoiseModel,
            recipe.LowNoiseModel,
            recipe.Image,
            recipe.LastImage,
            recipe.Unexpressed,
            GenerateCommandLine.For(recipe, aliases)
        );
    }

    private static string Row(string name, string value) => $"{name, -14} {PlainText.OneLine(value)}".TrimEnd();
}
