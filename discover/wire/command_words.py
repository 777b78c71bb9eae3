"""What people say for each command, in eight languages: the words as they are spoken.

The first line of each command belongs to no language: it is what the help names. Words are
compared in any case, without accents and punctuation. Nothing stands here that people say by the
way: an opt-in by accident would be worse than one more question for help.
"""

from __future__ import annotations

from enum import StrEnum


class Verb(StrEnum):
    IN = "in"
    IN_PROFILE = "in profile"
    ONLY = "only"
    OUT = "out"
    STATUS = "status"
    WHY = "why"
    SUGGEST = "suggest"
    HELP = "help"
    SERVER_IN = "server in"
    SERVER_PROFILES = "server profiles"
    SERVER_OUT = "server out"
    PACK_IN = "pack in"
    PACK_OUT = "pack out"
    PACK_PROPOSE = "pack name"
    YES = "yes"
    NO = "no"


NEUTRAL = ""
LANGUAGES = ("en", "de", "fr", "es", "pt", "it", "pl", "ja")

# Separated by commas
WORDS: dict[Verb, dict[str, str]] = {
    Verb.IN: {
        NEUTRAL: "in",
        "en": "opt in, opt me in, join, sign me up, add me, list me, include me, index me,"
        " count me in, I'm in, I want in, let me in, put me in",
        "de": "rein, dabei, ich bin dabei, bin dabei, mitmachen, ich mache mit, nimm mich auf,"
        " aufnehmen, eintragen, trag mich ein, trage mich ein, anmelden, melde mich an,"
        " ich will rein, ich möchte rein",
        "fr": "entrer, inscrire, inscris-moi, inscrivez-moi, m'inscrire, inscription, participer,"
        " je participe, je veux participer, ajoute-moi, ajoutez-moi, rejoindre, adhérer",
        "es": "entrar, dentro, inscribir, inscribirme, inscríbeme, apúntame, apuntar, unirme,"
        " participar, quiero entrar, quiero participar, agrégame, añádeme, inclúyeme, alta,"
        " darme de alta, dame de alta",
        "pt": "entrar, dentro, inscrever, inscreva-me, inscreve-me, me inscreva, participar,"
        " quero entrar, quero participar, me adicione, adicione-me, adiciona-me, inclua-me,"
        " me inclua, aderir, cadastrar, me cadastre",
        "it": "entra, entrare, dentro, iscrivimi, iscrivermi, iscrizione, partecipa, partecipare,"
        " partecipo, aggiungimi, includimi, voglio entrare, voglio partecipare, ci sto",
        "pl": "wchodzę, wejście, wejdź, dołącz, dołączam, dołącz mnie, chcę dołączyć, zapisz,"
        " zapisz mnie, zapisuję się, zapis, dodaj mnie, dopisz mnie, biorę udział",
        "ja": "参加, 参加する, 参加します, 参加希望, 登録, 登録する, 登録します, 登録希望, 入る,"
        " 入ります, 入会, 追加, オプトイン",
    },
    Verb.IN_PROFILE: {
        NEUTRAL: "in profile",
        "en": "profile only, only profile, only my profile, just my profile, in profile only,"
        " my profile only, list only my profile, in with profile, only the profile",
        "de": "nur Profil, nur mein Profil, nur das Profil, Profil nur, rein Profil,"
        " rein nur Profil, bloß mein Profil",
        "fr": "profil seulement, seulement mon profil, seulement le profil, mon profil seulement,"
        " uniquement mon profil, profil uniquement, juste mon profil",
        "es": "solo perfil, sólo mi perfil, solo el perfil, mi perfil solo, perfil solamente,"
        " solamente mi perfil, únicamente mi perfil",
        "pt": "só perfil, só o perfil, só meu perfil, só o meu perfil, apenas perfil,"
        " apenas o perfil, apenas meu perfil, apenas o meu perfil, somente perfil,"
        " somente o perfil, somente meu perfil",
        "it": "solo profilo, solo il profilo, solo il mio profilo, soltanto il profilo,"
        " soltanto il mio profilo, profilo soltanto",
        "pl": "tylko profil, tylko mój profil, sam profil, profil tylko, jedynie profil,"
        " wyłącznie profil",
        "ja": "プロフィールのみ, プロフィールだけ, プロフのみ, プロフだけ, プロフィールのみ登録,"
        " プロフィールだけ登録, プロフィール登録, プロフィールのみ参加",
    },
    Verb.ONLY: {
        NEUTRAL: "only",
        "en": "only tags, only hashtags, only these, only these tags, only these hashtags, in only,"
        " only for",
        "de": "nur, nur Tags, nur Hashtags, nur diese, nur diese Tags, nur diese Hashtags,"
        " ausschließlich, lediglich, nur mit, nur zu",
        "fr": "seulement, uniquement, seulement les tags, seulement ces tags, uniquement les tags,"
        " seulement les hashtags, rien que",
        "es": "solo, sólo, solamente, únicamente, solo etiquetas, solo estas etiquetas",
        "pt": "somente, apenas, unicamente, só as hashtags, somente as hashtags,"
        " apenas as hashtags, apenas estas",
        "it": "solo, soltanto, solamente, unicamente, solo gli hashtag, solo questi,"
        " solo questi hashtag",
        "pl": "tylko, wyłącznie, jedynie, tylko tagi, tylko hasztagi, tylko te, tylko te tagi",
        "ja": "のみ, だけ, 限定, タグのみ, タグだけ, タグ限定, ハッシュタグのみ, ハッシュタグだけ,"
        " ハッシュタグ限定",
    },
    Verb.OUT: {
        NEUTRAL: "out, stop",
        "en": "opt out, opt me out, leave, remove me, delete me, forget me, unsubscribe, unlist me,"
        " take me out, get me out, let me out, count me out, sign me off, I'm out, I want out,"
        " quit, exit, remove my account, remove my profile, remove my posts, delete my data,"
        " remove my data, don't index me, do not index me, leave me alone",
        "de": "raus, austragen, trag mich aus, trage mich aus, abmelden, melde mich ab,"
        " meld mich ab, ich will raus, ich möchte raus, ich bin raus, bin raus, entfernen,"
        " entferne mich, löschen, loeschen, lösch mich, lösche mich, vergiss mich, aufhören,"
        " aufhoeren, austreten, verlassen, nimm mich raus, hol mich raus, stopp,"
        " lass mich in Ruhe, ausschreiben, streich mich",
        "fr": "sortir, sors, je sors, désinscrire, désinscription, désinscris-moi,"
        " désinscrivez-moi, me désinscrire, retire-moi, retirez-moi, retirer, enlève-moi,"
        " enlevez-moi, supprime-moi, supprimez-moi, supprimer, efface-moi, effacez-moi,"
        " oublie-moi, oubliez-moi, quitter, partir, dehors, arrête, arrêter, je veux sortir",
        "es": "salir, fuera, baja, darme de baja, dame de baja, darse de baja, bórrame, borrar,"
        " elimíname, eliminar, quítame, quitar, olvídame, sácame, salgo, quiero salir,"
        " desapúntame, no quiero estar, parar, cancelar, vete",
        "pt": "sair, fora, saia, remova-me, me remova, remove-me, remover, apague-me, me apague,"
        " apaga-me, apagar, exclua-me, me exclua, excluir, tire-me, me tire, tira-me,"
        " esqueça-me, me esqueça, quero sair, parar, pare, cancelar, descadastrar,"
        " me descadastre, desinscrever",
        "it": "esci, uscire, esco, fuori, rimuovimi, rimuovere, cancellami, cancellare, eliminami,"
        " toglimi, levami, dimenticami, disiscrivimi, disiscrivermi, disiscrizione,"
        " voglio uscire, basta, smetti, smettila",
        "pl": "wypisz, wypisz mnie, wypisuję się, wypis, wyjdź, wychodzę, wyjście, chcę wyjść, usuń,"
        " usuń mnie, skasuj, skasuj mnie, wykreśl mnie, zapomnij o mnie, rezygnuję, rezygnacja,"
        " opuszczam, przestań, koniec, wyrejestruj mnie, nie indeksuj mnie",
        "ja": "退会, 退会する, 退会します, 登録解除, 登録解除する, 登録解除します, 登録を解除, 解除,"
        " 登録削除, 登録を削除, 削除, 削除して, 抜ける, 抜けます, 抜けたい, やめる, やめます,"
        " やめて, 辞める, 辞めます, 脱退, 外す, 外して, 消して, 忘れて, 停止, オプトアウト",
    },
    Verb.STATUS: {
        NEUTRAL: "status",
        "en": "my status, what is my status, what's my status, am I in, am I listed, am I out, state",
        "de": "Stand, mein Status, wie ist mein Status, bin ich drin, bin ich dabei,"
        " bin ich gelistet, Zustand",
        "fr": "statut, état, mon statut, suis-je inscrit, suis-je inscrite, où en suis-je",
        "es": "estado, mi estado, estatus, cuál es mi estado, estoy inscrito, estoy inscrita",
        "pt": "estado, situação, meu status, meu estado, estou inscrito, estou inscrita",
        "it": "stato, il mio stato, sono iscritto, sono iscritta, qual è il mio stato",
        "pl": "stan, mój status, jaki mam status, czy jestem zapisany, czy jestem zapisana,"
        " czy tu jestem",
        "ja": "状態, ステータス, 状況, 確認, 登録状況, 登録状態, 登録されていますか, 登録されてる",
    },
    Verb.WHY: {
        NEUTRAL: "why",
        "en": "why me, why not, why am I here, why am I listed, why am I in, why am I not listed,"
        " why am I not here, reason, reasons, explain, what do you know about me,"
        " what do you have about me, what do you have on me",
        "de": "warum, wieso, weshalb, warum ich, warum nicht, warum bin ich hier,"
        " warum bin ich drin, warum bin ich nicht drin, wieso bin ich hier, Grund, Gründe,"
        " Begründung, Auskunft, was weißt du über mich",
        "fr": "pourquoi, pourquoi moi, pourquoi pas, pourquoi suis-je ici,"
        " pourquoi est-ce que je suis ici, raison, raisons, explique, expliquer,"
        " que sais-tu de moi",
        "es": "por qué, porque, por qué yo, por qué no, por qué estoy aquí, razón, razones, motivo,"
        " motivos, explica, qué sabes de mí",
        "pt": "por que, porque, porquê, por quê, por que eu, porque eu, por que não, porque não,"
        " por que estou aqui, porque estou aqui, razão, motivo, motivos, explica,"
        " o que sabe de mim",
        "it": "perché, perché io, perché no, perché sono qui, come mai, motivo, motivi, ragione,"
        " spiega, spiegami, cosa sai di me",
        "pl": "dlaczego, czemu, dlaczego ja, dlaczego nie, dlaczego tu jestem, czemu tu jestem,"
        " powód, powody, wyjaśnij, uzasadnienie, co o mnie wiesz",
        "ja": "なぜ, なぜですか, 何故, どうして, どうしてですか, なんで, 理由, 理由は, 説明",
    },
    Verb.SUGGEST: {
        NEUTRAL: "suggest",
        "en": "suggest me, suggest accounts, suggest people, recommend, recommend me,"
        " recommend accounts, recommend people, find, find me, find people, find accounts,"
        " search, search for, show me, looking for, I'm looking for",
        "de": "Vorschlag, Vorschläge, schlag vor, schlage vor, schlag mir vor, vorschlagen,"
        " empfiehl, empfiehl mir, empfehlen, Empfehlung, Empfehlungen, finde, such, suche,"
        " ich suche, zeig, zeig mir",
        "fr": "suggère, suggère-moi, suggérer, suggestion, suggestions, propose, propose-moi,"
        " proposer, recommande, recommande-moi, recommander, recommandation, recommandations,"
        " cherche, je cherche, chercher, trouve, trouver",
        "es": "sugiere, sugiéreme, sugerir, sugerencia, sugerencias, recomienda, recomiéndame,"
        " recomendar, recomendación, recomendaciones, busca, busco, buscar, encuentra, propón",
        "pt": "sugira, sugere, me sugira, sugira-me, sugerir, sugestão, sugestões, recomende,"
        " recomenda, recomendar, me recomende, recomendação, recomendações, procura, procuro,"
        " procurar, busca, buscar, encontre, indique",
        "it": "suggerisci, suggeriscimi, suggerire, suggerimento, suggerimenti, consiglia,"
        " consigliami, consigli, proponi, raccomanda, cerca, cerco, trova",
        "pl": "zaproponuj, zasugeruj, poleć, poleć mi, polecaj, sugestia, sugestie, propozycja,"
        " propozycje, znajdź, szukaj, szukam, podpowiedz, rekomendacje",
        "ja": "おすすめ, オススメ, お勧め, 推薦, 提案, 紹介, 検索, 探して",
    },
    Verb.HELP: {
        NEUTRAL: "help, info, start",
        "en": "help me, commands, how does this work, how does it work, what can you do, who are you",
        "de": "Hilfe, hilf mir, Befehle, wie geht das, wie funktioniert das, Anleitung,"
        " was kannst du, wer bist du",
        "fr": "aide, aide-moi, aidez-moi, à l'aide, commandes, comment ça marche, qui es-tu",
        "es": "ayuda, ayúdame, comandos, cómo funciona, instrucciones, qué puedes hacer, quién eres",
        "pt": "ajuda, me ajude, me ajuda, ajude-me, ajuda-me, comandos, como funciona, instruções,"
        " quem é você",
        "it": "aiuto, aiutami, comandi, istruzioni, come funziona, cosa sai fare, chi sei",
        "pl": "pomoc, pomocy, pomóż mi, komendy, polecenia, instrukcja, jak to działa, co potrafisz,"
        " kim jesteś",
        "ja": "ヘルプ, 使い方, 助けて, たすけて, コマンド, コマンド一覧, 説明書",
    },
    # Of an account that its server names as its contact, for the whole server
    Verb.SERVER_IN: {
        NEUTRAL: "server in, instance in",
        "en": "opt in my server, opt my server in, opt our server in, add my server,"
        " add our server, list my server, index my server, add my instance, opt in my instance",
        "de": "Server rein, mein Server rein, nimm meinen Server auf, Server aufnehmen,"
        " Server anmelden, Instanz rein, meinen Server eintragen",
        "fr": "serveur dedans, ajoute mon serveur, ajoutez mon serveur, inscrire mon serveur,"
        " inscris mon serveur, inscrivez mon serveur, ajoute mon instance",
        "es": "añade mi servidor, agrega mi servidor, inscribe mi servidor, inscribir mi servidor,"
        " añade mi instancia, alta de mi servidor",
        "pt": "adicione meu servidor, adicione o meu servidor, inscreva meu servidor,"
        " inscrever o meu servidor, adicione minha instância",
        "it": "aggiungi il mio server, iscrivi il mio server, aggiungi la mia istanza,"
        " iscrivi la mia istanza",
        "pl": "dodaj mój serwer, zapisz mój serwer, dodaj moją instancję, dopisz mój serwer",
        "ja": "サーバー参加, サーバーを参加, サーバー登録, サーバーを登録, サーバーを追加",
    },
    Verb.SERVER_PROFILES: {
        NEUTRAL: "server profiles, server profiles only, server in profiles, instance profiles",
        "en": "only profiles of my server, profiles of my server only, server only profiles,"
        " only the profiles of my server",
        "de": "Server nur Profile, nur Profile meines Servers, nur die Profile meines Servers,"
        " mein Server nur Profile",
        "fr": "serveur profils seulement, seulement les profils de mon serveur,"
        " uniquement les profils de mon serveur, mon serveur profils seulement",
        "es": "servidor solo perfiles, solo los perfiles de mi servidor, solo perfiles de mi servidor,"
        " únicamente los perfiles de mi servidor",
        "pt": "servidor só perfis, só os perfis do meu servidor, apenas os perfis do meu servidor,"
        " somente os perfis do meu servidor",
        "it": "server solo profili, solo i profili del mio server, soltanto i profili del mio server,"
        " solo profili del mio server",
        "pl": "serwer tylko profile, tylko profile mojego serwera, mój serwer tylko profile,"
        " wyłącznie profile mojego serwera",
        "ja": "サーバーのプロフィールのみ, サーバーはプロフィールのみ, サーバーのプロフィールだけ,"
        " サーバーはプロフィールだけ",
    },
    Verb.SERVER_OUT: {
        NEUTRAL: "server out, instance out",
        "en": "opt out my server, opt my server out, opt our server out, remove my server,"
        " remove our server, delete my server, don't index my server, do not index my server,"
        " remove my instance, leave my server alone",
        "de": "Server raus, mein Server raus, nimm meinen Server raus, Server entfernen,"
        " Server abmelden, entferne meinen Server, lösche meinen Server, Instanz raus,"
        " meinen Server austragen",
        "fr": "serveur dehors, retire mon serveur, retirez mon serveur, supprime mon serveur,"
        " supprimez mon serveur, désinscrire mon serveur, retire mon instance",
        "es": "quita mi servidor, elimina mi servidor, borra mi servidor, baja de mi servidor,"
        " quita mi instancia, servidor fuera",
        "pt": "remova meu servidor, remova o meu servidor, apague o meu servidor,"
        " exclua meu servidor, remova minha instância, servidor fora",
        "it": "rimuovi il mio server, togli il mio server, cancella il mio server,"
        " elimina il mio server, rimuovi la mia istanza",
        "pl": "usuń mój serwer, wypisz mój serwer, skasuj mój serwer, usuń moją instancję",
        "ja": "サーバー退会, サーバーを退会, サーバー登録解除, サーバーを削除, サーバーを外して",
    },
    # Also with a pack's name behind it
    Verb.PACK_IN: {
        NEUTRAL: "pack in, packs in",
        "en": "join packs, join all packs, join the packs, put me in packs",
        "de": "Pakete ein, in Pakete, in die Pakete, nimm mich in Pakete auf",
        "fr": "rejoindre les packs, dans les packs, entrer dans les packs, mets-moi dans les packs",
        "es": "unirme a los paquetes, en los paquetes, entrar en los paquetes, ponme en los paquetes",
        "pt": "entrar nos pacotes, nos pacotes, me ponha nos pacotes, põe-me nos pacotes",
        "it": "entra nei pacchetti, nei pacchetti, entrare nei pacchetti, mettimi nei pacchetti",
        "pl": "dołącz do pakietów, do pakietów, wejdź do pakietów, dodaj mnie do pakietów",
        "ja": "パックに参加, パックに入る, パック参加, パックに追加",
    },
    Verb.PACK_OUT: {
        NEUTRAL: "pack out, packs out",
        "en": "leave packs, leave all packs, leave every pack, out of all packs",
        "de": "Pakete aus, aus allen Paketen, raus aus allen Paketen, raus aus den Paketen",
        "fr": "quitter les packs, quitter tous les packs, hors des packs, sortir des packs",
        "es": "salir de los paquetes, salir de todos los paquetes, fuera de los paquetes,"
        " sácame de los paquetes",
        "pt": "sair dos pacotes, sair de todos os pacotes, fora dos pacotes, me tire dos pacotes",
        "it": "esci dai pacchetti, esci da tutti i pacchetti, fuori dai pacchetti, toglimi dai pacchetti",
        "pl": "opuść pakiety, opuść wszystkie pakiety, wyjdź z pakietów, usuń mnie z pakietów",
        "ja": "パックから抜ける, パックをやめる, パックから外して, パックを抜ける",
    },
    # They answer a question of ours; nobody who was not asked is understood by them.
    Verb.YES: {
        NEUTRAL: "yes",
        "en": "yes please, yep, yeah, sure, yes I want",
        "de": "ja, ja bitte, ja gern, ja gerne, gern, gerne",
        "fr": "oui, oui merci, bien sûr, volontiers, je veux bien",
        "es": "sí, claro, claro que sí, con gusto",
        "pt": "sim, claro que sim, sim claro, pode ser",
        "it": "sì, certo, volentieri, sì certo",
        "pl": "tak, tak jasne, chętnie, tak chętnie",
        "ja": "はい, いいです, いいですよ, もちろん",
    },
    Verb.NO: {
        NEUTRAL: "no",
        "en": "no thanks, no thank you, nope, rather not",
        "de": "nein, nein danke, lieber nicht, ne",
        "fr": "non, non merci, plutôt pas, surtout pas",
        "es": "no gracias, mejor no, que no, no quiero",
        "pt": "não, não obrigado, não obrigada, melhor não",
        "it": "no grazie, meglio di no, non voglio, anche no",
        "pl": "nie, nie dziękuję, raczej nie, nie chcę",
        "ja": "いいえ, いえ, 結構です, けっこうです",
    },
}

# "pack night-sky @a@x.example": what a pack is called before its name
PACK_NOUNS = (
    "pack, starter pack, starterpack, new pack, Paket, Starterpaket, neues Paket, nouveau pack,"
    " paquete, nuevo paquete, pacote, novo pacote, pacchetto, nuovo pacchetto, pakiet, nowy pakiet,"
    " パック, スターターパック"
)

# Said around a command, at its start or end.
FILLERS = (
    "hi, hey, hello, hello there, dear, please, pls, plz, thanks, thank you, thx, cheers, now, ok,"
    " okay, from now on, again, hallo, moin, servus, bitte, danke, dankeschön, danke schön, jetzt,"
    " mal, wieder, bonjour, salut, merci, merci beaucoup, s'il te plaît, s'il vous plaît, svp, stp,"
    " maintenant, hola, buenas, buenos días, por favor, gracias, muchas gracias, ahora, olá, oi,"
    " bom dia, obrigado, obrigada, muito obrigado, agora, ciao, buongiorno, salve, per favore,"
    " perfavore, prego, grazie, grazie mille, adesso, cześć, dzień dobry, witam, hej, proszę,"
    " dziękuję, dzięki, teraz, こんにちは, こんばんは, おはよう, ありがとう, ありがとうございます,"
    " すみません"
)
# Between hashtags
CONJUNCTIONS = "and, und, et, y, e, i, oraz, ed, or, oder, ou, o, と, や"
# Between "suggest" and its topic
PREPOSITIONS = (
    "about, on, for, in, around, to, with, who post about, who write about, who talk about,"
    " people about, accounts about, accounts for, accounts on, people for, some, people, accounts,"
    " zu, zum, zur, zum Thema, Thema, über, für, mit, von, Leute zu, Konten zu, Accounts zu,"
    " Leute, Konten, sur, sur le, sur la, sur les, pour, de, du, des, à propos de, au sujet de,"
    " des comptes sur, des comptes, comptes sur, comptes, sobre, para, acerca de, cuentas sobre,"
    " cuentas de, cuentas, gente de, a respeito de, contas sobre, contas de, contas, do, da,"
    " su, sul, sulla, sui, sulle, di, per, riguardo a, account su, account di, o, na temat, dla,"
    " z, konta o, konta, ludzi od, osoby od"
)
# What Japanese sentences end with after the word that counts
ENDINGS = (
    "をお願いいたします, をお願いします, でお願いします, お願いいたします, お願いします,"
    " おねがいします, お願い, してください, して下さい, ください, 下さい, したいです, したい, します,"
    " する, して, です, ね, よ, を, で"
)
# Between a Japanese topic and the word for "suggest"
TOPIC_ENDINGS = "についての, について, に関する, 関係の, 関連の, な, の, を, で"
