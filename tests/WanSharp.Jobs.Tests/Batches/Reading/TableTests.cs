using System.Text;
using WanSharp.Jobs.Batches;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Jobs.Tests.Batches.Reading;

/// <summary>
/// Tables as RFC 4180 describes them, and as Excel, LibreOffice and pandas write them: the prompts that were meant, or a line and
/// a column.
/// </summary>
public sealed class TableTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Read_OfQuotesWithinCells_TakesThemForLetters()
    {
        var entries = Read(
            "prompt,seed\na sign that says \"OPEN\" in red,7\na 12\" ruler on a desk,8\na 5\" disc "
                + "spinning,9\n\"the word \"\"a, b\"\"\",10\n"
                + "\"# 1 of all\",11\n"
        );

        Assert.Equal(
            [
                "a sign that says \"OPEN\" in red 7",
                "a 12\" ruler on a desk 8",
                "a 5\" disc spinning 9",
                "the word \"a, b\" 10",
                "# 1 of all 11",
            ],
            Texts(entries)
        );
    }

    [Theory]
    [InlineData("prompt;seed;guidance\r\na red circle;7;4,5\r\n\"a star; blue, growing\";8;5\r\n")]
    [InlineData("sep=;\r\nprompt;seed;guidance\r\na red circle;7;4.5\r\n\"a star; blue, growing\";8;5\r\n")]
    [InlineData("\"sep=|\"\nprompt|seed|guidance\na red circle|7|4.5\na star; blue, growing|8|5\n")]
    [InlineData("prompt\tseed\tguidance\ra red circle\t7\t4.5\ra star; blue, growing\t8\t5")]
    [InlineData("\n,,\nprompt,seed,guidance\na red circle,7,4.5\n , ,\n\"a star; blue, growing\",8.0,5\n")]
    [InlineData("prompt,seed,guidance\na red circle,7,\"4,5\"\n\"a star; blue, growing\",8,5\n")]
    [InlineData("Prompt , SEED, guidance,\na red circle,7,4.5,\n\"a star; blue, growing\" , 8,5,,\n")]
    [InlineData("prompt\tseed\tguidance\na red circle\t7\t4.5\t\na star; blue, growing\t8\t5\t\t\n")]
    [InlineData("sep=;;\r\nprompt;seed;guidance\r\na red circle;7;4.5\r\n\"a star; blue, growing\";8;5\r\n")]
    public void Read_OfWhateverSeparatesAndEnds_FindsTheSameJobs(string text)
    {
        var entries = Read(text.StartsWith('\n') ? text[1..] : text);

        Assert.Equal(["a red circle 7", "a star; blue, growing 8"], Texts(entries));
        Assert.Equal([4.5f, 5f], entries.Select(entry => entry.Request.GuidanceScale));
    }

    [Theory]
    [InlineData(".csv", "utf-8")]
    [InlineData(".txt", "utf-16")]
    [InlineData(".txt", "utf-16BE")]
    [InlineData(".tsv", "utf-32")]
    public void Read_OfATableWithAByteOrderMark_ReadsIt(string extension, string encoding)
    {
        File.WriteAllText(_folder["jobs" + extension], "prompt\tseed\r\n一个红色圆形\t7\r\n", Encoding.GetEncoding(encoding));

        Assert.Equal(["一个红色圆形 7"], Texts(BatchFile.Read(_folder["jobs" + extension], new JobRequest { Prompt = "" })));
    }

    [Theory]
    [InlineData("prompt,seed\ngood,1\n\"bad\" text,2", "3:6", "follows a closing quote")]
    [InlineData("prompt,seed\ngood,1\n \"a, b\"", "3:2", "follows a space")]
    [InlineData("prompt,seed\ngood,1\n# not this,2\n", "3:1", "tables have no comments")]
    [InlineData("prompt,seed\ngood,1\n#NAME?,2\n", "3:1", "a spreadsheet's error, #NAME?")]
    [InlineData("prompt,seed\ngood,1\nbad,####\n", "3:5", "a spreadsheet's error")]
    [InlineData("prompt,seed\ngood,1\na, b,2", "3:6", "3 cells, but there are 2 columns")]
    [InlineData("prompt,seed\ngood,1\na", "3:1", "1 of 2 cells")]
    [InlineData("prompt,seed\ngood,1\nbad,7x", "3:5", "whole number")]
    [InlineData("prompt,seed\ngood,1\nbad,1.2E+19", "3:5", "spreadsheets round")]
    [InlineData("prompt,seed,\ngood,1,\nbad,1,what", "3:7", "column has no name")]
    [InlineData("prompt;guidance\ngood;1\nbad;1,500", "3:5", "may mean 1.500 or 1500")]
    [InlineData("prompt;seed\ngood;1\nbad;1.000", "3:5", "may mean 1 or 1000")]
    [InlineData("prompt,guidance\ngood,1\nbad,\"1,500\"", "3:5", "may mean 1.500 or 1500")]
    [InlineData("prompt,size\ngood,832x480\nbad,\"832,480\"", "3:5", "such as 832x480, not '832,480'.")]
    [InlineData("prompt,negative,\ngood,,\na cat, sitting,,", "3:17", "put text with commas in quotes")]
    [InlineData("prompt,seed\ngood,1\nLondon, 1888,", "3:14", "put text with commas in quotes, or end the row of names")]
    [InlineData("prompt,fps,seed\ngood,,1\n\"a cat\",23,976,", "3:9", "a comma may have parted a number")]
    [InlineData("prompt;lora\ngood;\nbad;style.safetensors:0,8", "3:5", "may mean 0.8, or 0 and 8")]
    [InlineData("prompt;lora\ngood;\nbad;\"a:1.5;style_1,5:1,5\"", "3:5", "may mean 1.5, or 1 and 5")]
    [InlineData("prompt,lora\ngood,\nbad,\"style:0,8\"", "3:5", "0@0,8@1-")]
    [InlineData("prompt;guidance_steps\ngood;\nbad;3,5", "3:5", "may mean 3.5, or 3 and 5")]
    [InlineData("prompt;nag\ngood;\nbad;5,5", "3:5", "may mean 5.5, or 5 and 5")]
    [InlineData("prompt\tstep_cache\ngood\t\nbad\teasy:0,05", "3:5", "may mean 0.05, or 0 and 05")]
    [InlineData("prompt\ngood\nprompt\n", "3:1", "names the columns again")]
    [InlineData("prompt,style,seed\ngood,,1\nPrompt,STYLE, seed\n", "3:1", "names the columns again")]
    public void Read_OfARowThatCannotBeUnderstood_NamesLineAndColumn(string text, string place, string expected)
    {
        var entries = Read(text);

        Assert.Null(entries[0].Problem);
        Assert.Equal(place, entries[1].Problem?.Place);
        Assert.Contains(expected, entries[1].Problem!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("prompt,seed,Seed\na,1,2", ":1:13: The column 'Seed' occurs twice")]
    [InlineData("prompt,sede\na,1", ":1:8: There is no field 'sede'")]
    [InlineData("a red circle,7\na blue star,8", ":1:1: The first row must name the columns")]
    [InlineData("seed,steps\n7,8", ":1:1: There is no column 'prompt'")]
    [InlineData("\"prompt,seed\na,1", ":1:1: This quote is not closed")]
    public void Read_OfAFirstRowThatCannotBeUsed_SaysSoOnce(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<InvalidRequestException>(() => Read(text)).Message, StringComparison.Ordinal);

    /// <summary>
    /// Excel leaves the separators of trailing empty cells out of a whole piece of 16 rows; elsewhere a short row is a mistake.
    /// </summary>
    [Fact]
    public void Read_OfRowsThatExcelShortened_TakesTheMissingCellsForEmpty()
    {
        var text = new StringBuilder("prompt,seed\n");
        for (var row = 1; row < 40; row++)
        {
            text.Append(row < 16 ? $"p{row},{row}\n" : $"p{row}\n");
        }

        Assert.All(Read(text.ToString()), entry => Assert.Null(entry.Problem));
        text.Replace("p20\n", "p20,20\n");
        Assert.Equal(
            [.. Enumerable.Range(16, 16).Where(row => row != 20)],
            Read(text.ToString()).Where(entry => entry.Problem is not null).Select(entry => entry.Line - 1)
        );
    }

    /// <summary>The last row of a table that was cut is as short as one that Excel shortened.</summary>
    [Fact]
    public void Read_OfATableThatEndsWithinARow_RefusesThatRow()
    {
        var text = new StringBuilder("prompt,seed\n");
        for (var row = 1; row < 16; row++)
        {
            text.Append($"p{row},{row}\n");
        }

        Assert.Equal(
            [16],
            Read(text.Append("a red ci").ToString()).Where(entry => entry.Problem is not null).Select(entry => entry.Line - 1)
        );
        Assert.DoesNotContain(Read(text.Append('\n').ToString()), entry => entry.Problem is not null);
    }

    /// <summary>Programs end each row with a comma, or none; one of a prompt may have moved the rest, unless texts are in quotes.</summary>
    [Theory]
    [InlineData("prompt,negative,seed\na cat,bad,7,\na dog,bad,8,\n", false)]
    [InlineData("prompt,negative,seed,steps\na cat, on a mat,,42,\na dog, in a park,,43,\n", false)]
    [InlineData("prompt,negative,guidance,steps\n\"a cat\",\"blurry\",4,5,\n", false)]
    [InlineData("prompt,guidance,steps\na cat,4,5,\n", false)]
    [InlineData("prompt,guidance,steps\na cat,4.5,5,\n", false)]
    [InlineData("prompt,guidance,steps\n\"a cat\",4.5,5,\n", true)]
    [InlineData("prompt,guidance,steps,\na cat,4,5,\n", true)]
    [InlineData("prompt,seed,steps\na cat,4,5,\n", false)]
    [InlineData("prompt,seed,steps\n\"a cat\",4,5,\n", true)]
    [InlineData("prompt,seed,steps,\na cat,4,5,\n", true)]
    [InlineData("prompt,seed\nLondon, 1888,\n", false)]
    [InlineData("prompt,style,seed\na dragon in the sky, anime,,\n", false)]
    [InlineData("prompt,nag,seed\n\"a cat\",4,5,\n", false)]
    [InlineData("prompt,fps,seed\n\"a cat\",23,976,\n", false)]
    [InlineData("prompt,negative\n\"a cat\",\"bad\",\n", true)]
    [InlineData("prompt,negative\na cat, sitting,\na dog, running,\n", false)]
    [InlineData("prompt,negative,seed\na cat,bad,7,\n", false)]
    [InlineData("prompt,negative,seed\na cat,bad,7,\na dog,bad,8\n", false)]
    [InlineData("prompt,seed,negative,output\na cat,7,bad,worse,\na dog,8,bad,worse,\n", false)]
    public void Read_OfRowsThatEndInASeparator_ReadsThoseThatCannotBeCut(string text, bool isRead) =>
        Assert.Equal(isRead, Read(text)[0].Problem is null);

    public void Dispose() => _folder.Dispose();

    private static IEnumerable<string> Texts(IEnumerable<BatchEntry> entries) =>
        entries.Select(entry => entry.Problem?.ToString() ?? $"{entry.Request.Prompt} {entry.Request.Seed}");

    private IReadOnlyList<BatchEntry> Read(string text)
    {
        File.WriteAllText(_folder["jobs.csv"], text);
        return BatchFile.Read(_folder["jobs.csv"], new JobRequest { Prompt = "" });
    }
}
