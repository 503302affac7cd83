using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using WanSharp.Cli.Terminal;
using WanSharp.Engine.Decoding;
using WanSharp.Engine.Planning;
using WanSharp.Hosting;
using WanSharp.Runtime;
using WanSharp.Runtime.Providers;

namespace WanSharp.Cli.Commands;

/// <summary>What several commands share: options, and examples below their help.</summary>
internal static class CommonOptions
{
    private const int MostThreads = 1024;
    private const int HelpWidth = 80;

    /// <summary>Shows examples at the end of <c>--help</c>; a test runs every one of them through the parser.</summary>
    public static Command WithExamples(this Command command, params string[] examples)
    {
        var help = command.Options.OfType<HelpOption>().SingleOrDefault(); // the root has one
        if (help is null)
        {
            help = PlainParsing.Help();
            command.Options.Add(help);
        }

        help.Action = new HelpWithExamples(new HelpAction { MaxWidth = HelpWidth }, examples);
        return command;
    }

    public static Option<string> Model() =>
        new("--model", "-m")
        {
            Description =
                "The model: a model folder in any tool's layout, a transformer's file (its other parts are found around it), "
                + "or the name of a folder in the models folder.",
            HelpName = "NAME|FOLDER|FILE",
            DefaultValueFactory = _ => WanSharp.Models.ModelLocator.DefaultModel,
        };

    public static Option<string> Provider() =>
        new("--provider")
        {
            Description = "The execution provider of ONNX Runtime; auto chooses the fastest, and `wan providers` says which and why.",
            HelpName = "NAME",
            DefaultValueFactory = _ => ProviderSelection.Auto,
        };

    public static Option<IReadOnlyDictionary<string, string>> ProviderOptions() =>
        new("--provider-option")
        {
            Description = "An option of the provider, by ONNX Runtime's name for it; may be given several times.",
            HelpName = "NAME=VALUE",
            Arity = ArgumentArity.OneOrMore,
            DefaultValueFactory = _ => new Dictionary<string, string>(),
            CustomParser = result =>
            {
                var options = new Dictionary<string, string>();
                foreach (var token in result.Tokens)
                {
                    if (token.Value.Split('=', 2) is [{ Length: > 0 } name, var value])
                    {
                        options[name] = value;
                    }
                    else
                    {
                        result.AddError($"'{token.Value}' is not a provider's option: write NAME=VALUE, such as device_id=1.");
                    }
                }

                return options;
            },
        };

    /// <param name="ofFloats">Whether integers are left out.</param>
    public static Option<ValueTuple<Precision?>> PrecisionOption(bool ofFloats = false) =>
        ChoiceOption.CreateNullable<Precision?>(
            "--precision",
            ofFloats
                ? "Number format to compute in: fp32, fp16 or bf16. auto: the fastest that the device computes correctly (wan providers)."
                : "Number format to compute in: fp32, fp16, bf16, or int8 in the transformer's blocks (faster, at a small loss; CPU only). "
                    + "auto: the preset's, otherwise the fastest that the device computes correctly (wan providers).",
            [
                ("auto", null),
                .. Precision.All.Where(one => !ofFloats || one != Precision.EightBit).Select(one => (one.Name, (Precision?)one)),
            ]
        );

    public static Option<int?> KeepCompiled()
    {
        var option = NumberOption.Create<int>("--keep-compiled", "How many unused compiled graphs stay in memory. Default: 64.", "N");
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 0)
            {
                result.AddError("--keep-compiled takes 0 or more.");
            }
        });
        return option;
    }

    public static Option<VaeTileChoice> VaeTile() =>
        new("--vae-tile")
        {
            Description =
                "Decode in tiles with blended seams: auto (where whole frames would take more than half "
                + "of the memory), off, or a size in pixels.",
            HelpName = "auto|off|WxH",
            CustomParser = ParseVaeTile,
            DefaultValueFactory = _ => VaeTileChoice.Auto,
        };

    public static Option<LoraMode> LoraModeOption() =>
        ChoiceOption.Create(
            "--lora-mode",
            "How LoRAs change the model: unmerged, as factors next to the weights, so that clips with different ones share steps; or "
                + "merged into a copy of the weights, made once and kept on disk. auto: unmerged where that is possible.",
            ("auto", LoraMode.Auto),
            ("merged", LoraMode.Merged),
            ("unmerged", LoraMode.Unmerged)
        );

    public static Option<int?> Threads()
    {
        var threads = NumberOption.Create<int>("--threads", "Threads that compute. Default: one per physical core.", "N");
        threads.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is { } count and (< 1 or > MostThreads))
            {
                result.AddError($"--threads {count} is outside 1 to {MostThreads}: the nearest is {Math.Clamp(count, 1, MostThreads)}.");
            }
        });
        return threads;
    }

    public static Option<MemoryAmount?> Memory() =>
        Amounts.MemoryOption(
            "--memory",
            "Memory limit of the compute device (GPU memory, or RAM on the CPU), such as 6GB; the fastest strategy that fits is "
                + "used. auto: what is free now, the default for large models."
        );

    public static Option<MemoryAmount?> HostMemory() =>
        Amounts.MemoryOption(
            "--host-memory",
            "Limit of the machine's RAM, in addition to the device's memory; on the CPU the smaller of the two limits counts. "
                + "auto: what is free now."
        );

    public static Option<bool> Json() => new("--json") { Description = "Print the result as one line of JSON." };

    private static VaeTileChoice? ParseVaeTile(ArgumentResult argument) =>
        VaeTileChoice.TryParse(argument.Tokens[0].Value)
        ?? (SizeOption.Parse(argument) is { } size ? VaeTileChoice.Of(size.Width, size.Height) : null); // says what is wrong
}
