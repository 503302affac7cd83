using System.Globalization;
using WanSharp.Engine.Requests;
using WanSharp.Jobs.Recipes;
using WanSharp.Models.Hub;
using WanSharp.Tensors;

namespace WanSharp.Cli.Terminal;

/// <summary>The command that makes a clip again, or the like of what another program made.</summary>
internal static class GenerateCommandLine
{
    private const string Unknown = "MODEL";

    /// <param name="settings">What made the clip.</param>
    /// <param name="output">The new clip.</param>
    public static string For(GenerationSettings settings, string output)
    {
        var invariant = CultureInfo.InvariantCulture;
        List<string> words =
        [
            "wan generate",
            .. settings.Prompt.StartsWith('-') ? [] : new[] { ShellWord.Quote(settings.Prompt) },
            .. SettingFields.CommandLine(settings.ToRequested()).Select(setting => Option(setting.Option, setting.Value)),
            Option("--model", settings.Model),
            .. settings.Images.Select(image => Option("--frame-image", string.Create(invariant, $"{image.LatentFrame}=IMAGE"))),
            Option("-o", output),
            .. settings.Prompt.StartsWith('-') ? new[] { "--", ShellWord.Quote(settings.Prompt) } : [],
        ];
        return string.Join(' ', words);
    }

    /// <param name="recipe">How another program made a clip.</param>
    /// <param name="aliases">The aliases, one of which may stand for its model.</param>
    public static string For(Recipe recipe, AliasCatalog aliases)
    {
        List<string> words =
        [
            "wan generate",
            .. recipe.Prompt.StartsWith('-') ? [] : new[] { ShellWord.Quote(recipe.Prompt) },
            .. SettingFields.CommandLine(recipe.Settings).Select(setting => Option(setting.Option, setting.Value)),
            .. Models(recipe, aliases),
            .. recipe.Image is { } image ? [Option("--image", image)] : Array.Empty<string>(),
            .. recipe.LastImage is { } last ? [Option("--last-image", last)] : Array.Empty<string>(),
            "-o clip.mp4",
            .. recipe.Prompt.StartsWith('-') ? new[] { "--", ShellWord.Quote(recipe.Prompt) } : [],
        ];
        return string.Join(' ', words);
    }

    private static IEnumerable<string> Models(Recipe recipe, AliasCatalog aliases)
    {
        string[] files = [.. new[] { recipe.Model, recipe.HighNoiseModel, recipe.LowNoiseModel }.OfType<string>().Select(Name)];
        var alias = aliases.All.FirstOrDefault(one =>
            one.Model is not null
            && files.Length > 0
            && files.All(file => one.Files.Select(Name).Contains(file, StringComparer.OrdinalIgnoreCase))
            && one.Files.Select(Name).Where(IsExpert).All(expert => files.Contains(expert, StringComparer.OrdinalIgnoreCase))
        );
        return alias is not null ? [Option("--model", alias.Name)]
            : recipe.HighNoiseModel is not null || recipe.LowNoiseModel is not null
                ? [Option("--model-high", recipe.HighNoiseModel ?? Unknown), Option("--model-low", recipe.LowNoiseModel ?? Unknown)]
            // one expert for all steps: named alone, it would be looked for its partner
            : recipe.Model is { } only && IsExpert(Name(only)) ? [Option("--model-high", only), Option("--model-low", only)]
            : [Option("--model", recipe.Model ?? Unknown)];

        static string Name(string path) => path.Split('/', '\\')[^1];

        static bool IsExpert(string file) =>
            file.Contains("high_noise", StringComparison.OrdinalIgnoreCase)
            || file.Contains("low_noise", StringComparison.OrdinalIgnoreCase);
    }

    private static string Option(string name, string value) =>
        value.StartsWith('-') ? $"{name}={ShellWord.Quote(value)}" : $"{name} {ShellWord.Quote(value)}";
}
