using System.Xml;
using System.Xml.Linq;
using WanSharp.Tensors;

namespace WanSharp.Hosting.Installation;

/// <summary>Reads from NuGet's configuration files where the user gets packages: addresses and folders, without credentials.</summary>
public static class NuGetSources
{
    private const long LargestFile = 1 << 20;
    private static readonly string[] FileNames = ["nuget.config", "NuGet.config", "NuGet.Config"]; // three ways where names have cases

    /// <summary>The sources that NuGet would use from a folder, nearest configuration first.</summary>
    /// <param name="folder">Where the search for configuration files begins; they are looked for upwards from there.</param>
    /// <param name="userConfiguration">The user's own configuration file, which may not exist.</param>
    /// <exception cref="InvalidDataException">A configuration file is not XML, or too large.</exception>
    public static IReadOnlyList<string> Read(string folder, string userConfiguration)
    {
        var sources = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var disabled = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var file in Files(folder).Append(userConfiguration).Where(File.Exists))
        {
            var configuration = Load(file);
            foreach (var item in Items(configuration, "disabledPackageSources").Where(item => item.Attribute("value")?.Value == "true"))
            {
                disabled.Add(item.Attribute("key")?.Value ?? "");
            }

            var isLast = false;
            foreach (var item in Items(configuration, "packageSources"))
            {
                isLast |= item.Name.LocalName == "clear";
                if (item.Name.LocalName == "add" && item.Attribute("key")?.Value is { } key && item.Attribute("value")?.Value is { } value)
                {
                    sources.TryAdd(
                        key,
                        value.Contains("://", StringComparison.Ordinal) ? value : Path.GetFullPath(value, Path.GetDirectoryName(file)!)
                    );
                }
            }

            if (isLast) // "clear" leaves out what farther files say
            {
                break;
            }
        }

        return [.. sources.Where(source => !disabled.Contains(source.Key)).Select(source => source.Value)];
    }

    private static IEnumerable<string> Files(string folder)
    {
        for (var directory = new DirectoryInfo(folder); directory is not null; directory = directory.Parent)
        {
            var file = FileNames.Select(name => Path.Combine(directory.FullName, name)).FirstOrDefault(File.Exists);
            if (file is not null)
            {
                yield return file;
            }
        }
    }

    private static IEnumerable<XElement> Items(XElement configuration, string section) => configuration.Element(section)?.Elements() ?? [];

    private static XElement Load(string file)
    {
        if (FileFacts.Of(file).Length > LargestFile)
        {
            throw new InvalidDataException($"{file} is not a NuGet configuration: it has more than {LargestFile} bytes.");
        }

        try
        {
            using var reader = XmlReader.Create(file, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
            return XElement.Load(reader);
        }
        catch (XmlException e)
        {
            throw new InvalidDataException(
                $"{file} is not a NuGet configuration: {e.Message} Correct it, or name a source with --source.",
                e
            );
        }
    }
}
