using WanSharp.Models.Layout;
using WanSharp.Tensors;
using static System.FormattableString;

namespace WanSharp.Tools.Doctor;

/// <summary>What a short clip says about a model: the questions of a tree, each answered by what was measured. Pure.</summary>
internal static class ModelFindings
{
    private const double SlowerThanExpected = 2;
    private const double MuchWaiting = 0.2;
    private const double MuchDecoding = 0.4;
    private const double LongClip = 60;
    private const int MostAlternatives = 3;
    private const double Giga = 1e9;

    public static IEnumerable<Finding> Of(ModelSight model)
    {
        if (model.Problem is { } problem)
        {
            yield return Finding.Problem("model", problem, CommandFor(model));
            yield break;
        }

        yield return Finding.Good("model", $"{model.Model}: the transformer is in {string.Join(", ", model.WeightTypes)}");
        foreach (var finding in Memory(model).Concat(Speed(model)))
        {
            yield return finding;
        }
    }

    /// <summary>
    /// A file that was pulled is compared with its digest, and any other is looked into; of what is missing, the list says where it goes.
    /// </summary>
    private static string CommandFor(ModelSight model) =>
        model.ProblemFile is { } file ? (model.IsPulled ? "wan models verify --remove" : $"wan inspect {ShellWord.Quote(file)}")
        : Path.Exists(model.Model) ? $"wan models list {ShellWord.Quote(model.Model)}"
        : model.Model.Contains(Path.DirectorySeparatorChar) || model.Model.StartsWith('.') ? "wan models list"
        : $"wan models pull {model.Model}";

    private static IEnumerable<Finding> Memory(ModelSight model)
    {
        if (model.Memory is not var (needed, available))
        {
            yield break;
        }

        yield return needed > available
            ? Finding.Advice(
                "memory",
                $"its own clips hold {ByteSize.Text(needed)}, and {ByteSize.Text(available)} may be used: "
                    + "weights are read again in each step",
                Invariant($"wan plan \"…\" --model {ShellWord.Quote(model.Model)} --memory {Math.Max(0.1, available / Giga):0.0}GB")
            )
            : Finding.Good("memory", $"its own clips hold {ByteSize.Text(needed)}; {ByteSize.Text(available)} may be used");
    }

    /// <summary>Is it the machine, the weights, the decoder, or the work itself?</summary>
    private static IEnumerable<Finding> Speed(ModelSight model)
    {
        const string Topic = "speed";
        if (model.Step is not var (measured, expected))
        {
            yield break;
        }

        yield return Finding.Good(Topic, Invariant($"a step took {measured:0.000} s where the machine's kernels need {expected:0.000} s"));
        if (model.WaitShare > MuchWaiting)
        {
            yield return Waiting(model, Topic);
        }
        else if (measured > SlowerThanExpected * expected)
        {
            yield return Finding.Advice(
                Topic,
                Invariant($"steps take {measured / expected:0.0} times what the machine's kernels need: ")
                    + "other programs compute, or it is throttled",
                "wan bench dit --shape 1.3b --runs 2"
            );
        }

        if (model.DecodeShare > MuchDecoding)
        {
            yield return Finding.Advice(
                Topic,
                Invariant($"decoding takes {100 * model.DecodeShare:0} % of a clip's time: a tiny decoder is many times as fast"),
                model.TinyDecoder is { } tiny
                        ? $"wan generate \"…\" --model {ShellWord.Quote(model.Model)} --decoder {ShellWord.Quote(tiny)}"
                    : model.TinyDecoderToPull is { } alias ? $"wan models pull {alias}"
                    : $"wan optimize --model {ShellWord.Quote(model.Model)} --max-loss 3%"
            );
        }

        if (model.ClipSeconds > LongClip)
        {
            foreach (var one in model.Alternatives.OrderBy(one => one.Seconds).Take(MostAlternatives))
            {
                yield return Finding.Advice(
                    Topic,
                    Invariant($"the work itself is long: {model.ClipSeconds:0} s a clip; {one.Options} makes it {one.Seconds:0} s"),
                    $"wan generate \"…\" --model {ShellWord.Quote(model.Model)} {one.Options}"
                );
            }

            yield return Finding.Advice(
                Topic,
                "which of these pay, and what they lose, is found by measuring",
                $"wan optimize --model {ShellWord.Quote(model.Model)} --max-loss 3%"
            );
        }
    }

    private static Finding Waiting(ModelSight model, string topic)
    {
        var quoted = ShellWord.Quote(model.Model);
        var says = Invariant(
            $"blocks wait for their weights {100 * model.WaitShare:0} % of the time: they are read or converted in each step"
        );
        return model is { IsQuantized: true, MayUseIntegers: false }
            ? Finding.Good(topic, says)
            : Finding.Advice(
                topic,
                says,
                model.IsQuantized
                    ? $"wan generate \"…\" --model {quoted} --precision int8"
                    : $"wan quantize --model {quoted} --max-loss 3% -o {ShellWord.Quote($"{NameOf(model.Model)}-int8")}"
            );
    }

    /// <summary>A folder's name has points that end nothing: Wan2.1-T2V-1.3B.</summary>
    private static string NameOf(string model)
    {
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(model));
        return ModelFiles.IsCheckpoint(name) ? Path.GetFileNameWithoutExtension(name) : name;
    }
}
